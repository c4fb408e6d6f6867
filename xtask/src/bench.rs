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
    /// The live room beside other servers; takes options of its own.
    Room,
}

const BENCHES: [Bench; 4] = [
    Bench {
        name: "room-latency",
        about: "from a stroke drawn in one browser to the same stroke in another: median and p95 of 100",
        runs: Runs::Browsers("e2e/latency.mjs"),
    },
    Bench {
        name: "room",
        about: "the live room beside Hocuspocus, y-websocket and y-sweet [--quick] [--write]; --kill N; --guard",
        runs: Runs::Room,
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
            Ok(())
        }
        [name, options @ ..] => match BENCHES.iter().find(|bench| bench.name == name) {
            Some(bench) if options.is_empty() || matches!(bench.runs, Runs::Room) => {
                start(workspace, bench, options)
            }
            Some(_) => bail!("`{name}` takes no options"),
            None => bail!("no bench `{name}`; `cargo xtask bench` lists them"),
        },
    }
}

fn start(workspace: &Workspace, bench: &Bench, options: &[String]) -> Result<()> {
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
        Runs::Room => room(workspace, options),
    }
}

/// The program as it ships and the load client, then the measurement.
fn room(workspace: &Workspace, options: &[String]) -> Result<()> {
    let compares = !options
        .iter()
        .any(|option| option == "--guard" || option == "--kill");
    let y_sweet = if compares { setup::peers(workspace)? } else { None };
    run(&mut cargo(
        &workspace.root,
        &[
            "build",
            "--release",
            "--package",
            "consilium-bench",
            "--package",
            "consilium-server",
        ],
    ))?;
    let program = format!("release/consilium-bench{}", std::env::consts::EXE_SUFFIX);
    let mut bench = command(workspace.target.join(program), &workspace.root);
    if let Some(y_sweet) = y_sweet {
        bench.env("CONSILIUM_YSWEET", y_sweet);
    }
    run(bench.arg("room").args(options))
}
