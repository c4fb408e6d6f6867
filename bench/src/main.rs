//! Measurements of the server as a whole. Each prints what it did and its numbers; none checks a limit.
//!
//! `cargo xtask bench NAME` runs one in the release profile.
#![expect(clippy::print_stdout, reason = "the numbers are the output")]

mod figures;
mod histories;
mod package;
mod person;
mod room;
mod search;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = arguments
        .split_first()
        .map_or(("", [].as_slice()), |(name, rest)| (name.as_str(), rest));
    let mut runtime = match name {
        // A load client has one core to itself: one thread, so that nothing of it waits for another core.
        "room" => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        match name {
            "search" => search::run().await,
            "package" => package::run().await,
            "room" => room::run(rest).await,
            "serve-plain" => room::serve_plain(rest).await,
            "histories" => histories::run(),
            _ => bail!("give one name: search, package, room"),
        }
    })
}
