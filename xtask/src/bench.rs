//! Measurements. Each is listed with what it measures; none is claimed that does not run.

use anyhow::{Result, bail};

use crate::command::{cargo, command, run};
use crate::setup::{self, Need};
use crate::workspace::Workspace;

struct Bench {
    name: &'static str,
    about: &'static str,
    runs: Runs,
}

enum Runs {
    /// A Node program below the root, with real browsers; it starts the built server itself.
    Browsers(&'static str),
    /// A measurement of the `bench` package, in the release profile.
    Server(&'static str),
}

const BENCHES: [Bench; 3] = [
    Bench {
        name: "room-latency",
        about: "from a stroke drawn in one browser to the same stroke in another: median and p95 of 100",
        runs: Runs::Browsers("e2e/latency.mjs"),
    },
    Bench {
        name: "search",
        about: "one page of the worklist over 10 000 archived cases, by words, code, number, person: p99",
        runs: Runs::Server("search"),
    },
    Bench {
        name: "package",
        about: "a package of 10 000 elements from 10 institutions, checked and merged: time and memory",
        runs: Runs::Server("package"),
    },
];

/// `cargo xtask bench [NAME]`.
pub(crate) fn main(workspace: &Workspace, rest: &[String]) -> Result<()> {
    match rest {
        [] => {
            println!("Benches (cargo xtask bench NAME):");
            for bench in &BENCHES {
                println!("  {:<14}{}", bench.name, bench.about);
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
    match bench.runs {
        Runs::Browsers(program) => {
            setup::run(workspace, Need::Everything)?;
            crate::bundle::run(workspace)?;
            run(&mut cargo(
                &workspace.root,
                &["build", "--package", "consilium-server"],
            ))?;
            run(command("node", &workspace.root).arg(program))
        }
        Runs::Server(name) => run(&mut cargo(
            &workspace.root,
            &["run", "--release", "--package", "consilium-bench", "--", name],
        )),
    }
}
