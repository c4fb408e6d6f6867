//! Everything that must hold before a change is taken. CI runs this and nothing else.
//!
//! The order saves building: both lint passes share the metadata of the libraries with `check`; the one build of all
//! programs and tests is what nextest and the browser test then use; the bundle has a profile of its own.

use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::command::{cargo, command, run};
use crate::setup::{self, Need};
use crate::steps::{Done, Steps, seconds};
use crate::workspace::Workspace;
use crate::{bundle, check};

/// Program that starts the built server and two browsers, and whose exit code decides.
const BROWSER_TEST: &str = "e2e/run.mjs";

/// Program that lets yrs read histories of yjs, and whose exit code decides.
const HISTORIES: &str = "e2e/yjs-yrs.mjs";

/// `cargo xtask test [FILTER]`.
pub(crate) fn main(workspace: &Workspace, rest: &[String]) -> Result<()> {
    match rest {
        [] => everything(workspace),
        [filter] if !filter.starts_with('-') => {
            setup::run(workspace, Need::Everything)?;
            nextest(workspace, Some(filter)).map(|_| ())
        }
        _ => bail!("`test` takes one filter; see `cargo xtask help`"),
    }
}

/// How one step ended.
enum Outcome {
    Passed,
    Failed,
    /// Something it needs failed before.
    LeftOut,
}

/// The steps so far.
struct Report {
    steps: Steps,
    rows: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Runs a step when `needed` holds; tells whether it passed.
    fn step(&mut self, name: &'static str, needed: bool, work: impl FnOnce() -> Result<Done>) -> bool {
        if !needed {
            self.rows.push((name, Outcome::LeftOut, Duration::ZERO));
            return false;
        }
        let (took, result) = self.steps.loud(name, work);
        let passed = result.is_ok();
        self.rows
            .push((name, if passed { Outcome::Passed } else { Outcome::Failed }, took));
        passed
    }
}

fn everything(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    let did = |result: Result<()>| result.map(|()| Done::Did);
    let mut report = Report {
        steps: Steps::new(10),
        rows: Vec::new(),
    };

    let ready = report.step("set-up", true, || did(setup::run(workspace, Need::Everything)));
    report.step("format", true, || {
        did(run(&mut cargo(root, &["fmt", "--all", "--", "--check"])))
    });
    report.step("invariants", true, || did(check::invariants(workspace)));
    report.step("lints, native", true, || {
        did(run(&mut cargo(
            root,
            &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        )))
    });
    report.step("lints, browser", ready, || check::lint_wasm(workspace));
    let built = report.step("build of programs and tests", ready, || {
        did(run(&mut cargo(
            root,
            &["build", "--workspace", "--bins", "--tests"],
        )))
    });
    report.step("unit, property and integration tests", built, || {
        nextest(workspace, None)
    });
    report.step("histories of yjs, read by yrs", built, || {
        let reader = format!("debug/consilium-bench{}", std::env::consts::EXE_SUFFIX);
        let mut node = command("node", root);
        node.env("CONSILIUM_BENCH", workspace.target.join(reader));
        did(run(node.arg(HISTORIES)))
    });
    let bundled = report.step("bundle and its budget", ready, || bundle::run(workspace));
    report.step("browser test", built && bundled, || {
        ensure!(
            workspace.path(BROWSER_TEST).is_file(),
            "{BROWSER_TEST} is missing"
        );
        did(run(command("node", root).arg(BROWSER_TEST)))
    });
    summary(&report)
}

/// The whole workspace, so that features unify as in the build before it.
fn nextest(workspace: &Workspace, filter: Option<&str>) -> Result<Done> {
    let mut arguments = vec!["nextest", "run", "--workspace"];
    arguments.extend(filter);
    // As a cargo subcommand of its own, nextest wants --locked after `run`.
    let mut nextest = command("cargo", &workspace.root);
    nextest.args(arguments);
    nextest.env("CONSILIUM_ORACLES", setup::oracles(workspace)?);
    if Workspace::in_ci() {
        nextest.arg("--locked");
    }
    run(&mut nextest)?;
    Ok(Done::Did)
}

fn summary(report: &Report) -> Result<()> {
    println!();
    let mut failed = Vec::new();
    let mut total = Duration::ZERO;
    for (name, outcome, took) in &report.rows {
        total += *took;
        let word = match outcome {
            Outcome::Passed => "ok",
            Outcome::Failed => "FAILED",
            Outcome::LeftOut => "left out",
        };
        if !matches!(outcome, Outcome::Passed) {
            failed.push(*name);
        }
        println!("{name:<40} {word:<9} {:>13}", seconds(*took));
    }
    println!("{:<40} {:<9} {:>13}", "together", "", seconds(total));
    if !failed.is_empty() {
        bail!("did not pass: {}", failed.join(", "));
    }
    Ok(())
}
