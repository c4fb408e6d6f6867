//! The workspace's own tool: sets a machine up, builds the browser bundle, runs the demo, checks and tests.
//!
//! It must not hold product logic. Enter at [`main`]; every command is one module.

mod bench;
mod bundle;
mod check;
mod command;
mod files;
mod run;
mod setup;
mod steps;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const HELP: &str = "\
Consilium's own tool. Usage: cargo xtask <command>

  demo [--port 8443] [--data DIR] [--fresh]
                  From a clean checkout to a running demonstration: sets up the tools, builds the pages and the
                  server, makes demonstration data (three hospitals, a CT series, invented people) in DIR
                  (demo-data by default; --fresh deletes what an earlier demo left there) and serves it.
                  Its last line is `ready https://localhost:PORT`; sign-in data is in DIR/demo.json. Ctrl-C ends it.
  serve --config FILE
                  The same for real use, with your configuration and no demonstration data.
  setup [--bundle-only]
                  Installs what is missing: wasm target, trunk, wasm-bindgen, wasm-opt, nextest, the browser
                  test's packages and, on Debian as root, Chromium, CJK fonts, DCMTK and PostgreSQL.
                  With --bundle-only just what building the pages needs. Never installs anything twice.
  bundle          Builds the pages' wasm, style and icons into dist/, compressed, and checks the byte budget.
  check           The invariants of ARCHITECTURE.md that a program can check.
  test [FILTER]   Everything CI runs: format, lints of each feature set, check, unit, property and integration
                  tests on both databases, bundle, and the browser test. With FILTER only the Rust tests
                  whose name contains it.
  bench [NAME]    Runs a measurement; without a name lists them.
  help            This text.

Tools are kept in $CONSILIUM_TOOLS, else $XDG_CACHE_HOME/consilium/tools, else ~/.cache/consilium/tools.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> anyhow::Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        println!("{HELP}");
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") || rest.iter().any(|a| a == "--help" || a == "-h") {
        println!("{HELP}");
        return Ok(());
    }
    let workspace = Workspace::find()?;
    match name.as_str() {
        "demo" => run::demo(&workspace, rest),
        "serve" => run::serve(&workspace, rest),
        "setup" => setup::main(&workspace, rest),
        "bundle" => bundle::main(&workspace, rest),
        "check" => check::main(&workspace, rest),
        "test" => test::main(&workspace, rest),
        "bench" => bench::main(&workspace, rest),
        other => anyhow::bail!("no command `{other}`; `cargo xtask help` lists them"),
    }
}

/// Fails when a command that takes no arguments was given some.
fn no_arguments(name: &str, rest: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(
        rest.is_empty(),
        "`{name}` takes no arguments; see `cargo xtask help`"
    );
    Ok(())
}
