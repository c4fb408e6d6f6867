//! Measurements of the server as a whole. Each prints what it did and its numbers; none checks a limit.
//!
//! `cargo xtask bench NAME` runs one in the release profile.
#![expect(clippy::print_stdout, reason = "the numbers are the output")]

mod figures;
mod package;
mod search;

use anyhow::{Result, bail};

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("search") => search::run().await,
        Some("package") => package::run().await,
        _ => bail!("give one name: search, package"),
    }
}
