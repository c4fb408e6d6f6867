//! Measurements. Each is listed with what it measures; none is claimed that does not run.

use anyhow::{Result, bail};

use crate::command::{cargo, command, run};
use crate::setup::{self, Need};
use crate::workspace::Workspace;

struct Bench {
    name: &'static str,
    about: &'static str,
    /// The Node program below the root; it starts the built server itself.
    program: &'static str,
}

const BENCHES: [Bench; 1] = [Bench {
    name: "room-latency",
    about: "from a stroke drawn in one browser to the same stroke in another: median and p95 of 100",
    program: "e2e/latency.mjs",
}];

/// `cargo xtask bench [NAME]`.
pub(crate) fn main(workspace: &Workspace, rest: &[String]) -> Result<()> {
    match rest {
        [] => {
            println!("Benches (cargo xtask bench NAME):");
            for bench in &BENCHES {
                let there = if workspace.path(bench.program).is_file() {
                    ""
                } else {
                    " (not yet)"
                };
                println!("  {:<14}{}{there}", bench.name, bench.about);
            }
            println!("Comparisons with other systems: not yet.");
            Ok(())
        }
        [name] => match BENCHES.iter().find(|bench| bench.name == name) {
            Some(bench) => start(workspace, bench),
            None => bail!("no bench `{name}`; `cargo xtask bench` lists them"),
        },
        _ => bail!("`bench` takes one name; `cargo xtask bench` lists them"),
    }
}

fn start(workspace: &Workspace, bench: &Bench) -> Result<()> {
    if !workspace.path(bench.program).is_file() {
        bail!("{} is not there yet", bench.program);
    }
    setup::run(workspace, Need::Everything)?;
    crate::bundle::run(workspace)?;
    run(&mut cargo(
        &workspace.root,
        &["build", "--package", "consilium-server"],
    ))?;
    run(command("node", &workspace.root).arg(bench.program))
}
