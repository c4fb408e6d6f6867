//! The invariants of ARCHITECTURE.md that a program can check. Each check gives all it found, not just the first.

mod conformance;
mod dependencies;
mod manifests;
mod sources;
mod wasm;

use anyhow::{Result, bail};

use crate::steps::{Done, Steps};
use crate::workspace::Workspace;

/// What a check found wrong, one sentence each, with the file and line where there is one.
pub(crate) type Findings = Vec<String>;

type Check = (&'static str, fn(&Workspace) -> Result<Findings>);

const CHECKS: [Check; 5] = [
    (
        "manifests: lints and versions come from the workspace",
        manifests::check,
    ),
    ("dependency directions", dependencies::check),
    ("wasm-clean crates reach no server library", wasm::reach),
    ("sources: forbidden calls, sizes, names, paths", sources::check),
    (
        "docs/conformance.md lists every requirement once",
        conformance::check,
    ),
];

/// `cargo xtask check`.
pub(crate) fn main(workspace: &Workspace, rest: &[String]) -> Result<()> {
    crate::no_arguments("check", rest)?;
    let invariants = invariants(workspace);
    let mut steps = Steps::new(1);
    let compiled = steps
        .loud("wasm-clean crates compile for the browser", || {
            wasm::compile(workspace)
        })
        .1;
    invariants.and(compiled)
}

/// All checks that need no compilation.
pub(crate) fn invariants(workspace: &Workspace) -> Result<()> {
    let mut steps = Steps::new(CHECKS.len().try_into()?);
    let mut all = Findings::new();
    for (name, check) in CHECKS {
        let mut found = Findings::new();
        steps.quiet(name, || {
            // A check that cannot be made is a finding like any other: the next ones still run.
            found = check(workspace).unwrap_or_else(|error| vec![format!("cannot be checked: {error:#}")]);
            Ok(match found.len() {
                0 => Done::Did,
                count => Done::Already(format!("{count} found")),
            })
        })?;
        for finding in &found {
            println!("      {finding}");
        }
        all.append(&mut found);
    }
    if !all.is_empty() {
        bail!("{} invariants do not hold", all.len());
    }
    Ok(())
}

/// The lints of the wasm-clean crates for the browser's target, which compiles them too.
pub(crate) fn lint_wasm(workspace: &Workspace) -> Result<Done> {
    wasm::lint(workspace)
}
