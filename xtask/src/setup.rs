//! Makes a machine ready. Every step looks first and installs only what is missing.

mod oracles;
mod system;

use anyhow::{Context, Result, bail};

use crate::command::{answer, cargo, command, on_path, run_quiet};
use crate::steps::{Done, Steps};
use crate::tools::{self, NEXTEST_VERSION, Tool};
use crate::workspace::Workspace;

pub(crate) use oracles::folder as oracles;

/// The servers that ours is measured against: the npm ones in `bench/peers`, and y-sweet as a tool of its own,
/// whose program is given back; `None` when it cannot be built here.
pub(crate) fn peers(workspace: &Workspace) -> Result<Option<std::path::PathBuf>> {
    let _lock = tools::lock()?;
    let mut steps = Steps::new(2);
    steps.quiet("packages of the servers to compare with", || {
        npm_packages(workspace, "bench/peers", false)
    })?;
    let y_sweet = Tool::y_sweet();
    let built = steps.quiet(&title(&y_sweet), || cargo_tool(workspace, &y_sweet, false));
    if let Err(error) = &built {
        println!("y-sweet is left out: {error:#}");
        return Ok(None);
    }
    y_sweet.program().map(Some)
}

/// How much a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Building the pages and the server: the demo.
    Bundle,
    /// Also what the tests use: nextest, PostgreSQL, DCMTK, Chromium, the packages of the browser test and of the oracles.
    Everything,
}

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// `cargo xtask setup [--bundle-only]`.
pub(crate) fn main(workspace: &Workspace, rest: &[String]) -> Result<()> {
    match rest {
        [] => run(workspace, Need::Everything),
        [one] if one == "--bundle-only" => run(workspace, Need::Bundle),
        _ => bail!("`setup` takes only --bundle-only; see `cargo xtask help`"),
    }
}

/// Installs what `need` asks for and is missing.
pub(crate) fn run(workspace: &Workspace, need: Need) -> Result<()> {
    let _lock = tools::lock()?;
    let mut steps = Steps::new(match need {
        Need::Bundle => 5,
        Need::Everything => 10,
    });
    steps.quiet("Rust target for the browser", || wasm_target(workspace))?;
    steps.quiet("crates of Cargo.lock", || {
        run_quiet(&mut cargo(&workspace.root, &["fetch"]))?;
        Ok(Done::Did)
    })?;
    let trunk = Tool::trunk();
    steps.quiet(&title(&trunk), || cargo_tool(workspace, &trunk, true))?;
    let bindgen = Tool::wasm_bindgen(workspace)?;
    steps.quiet(&title(&bindgen), || cargo_tool(workspace, &bindgen, false))?;
    let wasm_opt = Tool::wasm_opt();
    steps.quiet(&title(&wasm_opt), || npm_tool(workspace, &wasm_opt))?;
    if need == Need::Everything {
        steps.quiet("rustfmt and clippy", || components(workspace))?;
        steps.quiet("cargo-nextest", || nextest(workspace))?;
        steps.quiet("PostgreSQL, DCMTK, Chromium and fonts", || {
            system::packages(workspace)
        })?;
        steps.quiet("packages of the browser test", || e2e_packages(workspace))?;
        steps.quiet("Python packages that judge what we write", || {
            oracles::install(workspace)
        })?;
    }
    Ok(())
}

fn title(tool: &Tool) -> String {
    format!("{} {}", tool.name, tool.version)
}

fn already() -> Done {
    Done::Already("already there".to_owned())
}

fn wasm_target(workspace: &Workspace) -> Result<Done> {
    let sysroot = answer("rustc", &["--print", "sysroot"]).context("rustc does not answer")?;
    let library = std::path::Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib");
    if library.is_dir() {
        return Ok(already());
    }
    if !on_path("rustup") {
        bail!(
            "this rustc has no {WASM_TARGET} target and there is no rustup to add it: install Rust by rustup"
        );
    }
    run_quiet(command("rustup", &workspace.root).args(["target", "add", WASM_TARGET]))?;
    Ok(Done::Did)
}

fn components(workspace: &Workspace) -> Result<Done> {
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .iter()
        .filter(|(subcommand, _)| answer("cargo", &[subcommand, "--version"]).is_none())
        .map(|(_, component)| *component)
        .collect();
    if missing.is_empty() {
        return Ok(already());
    }
    if !on_path("rustup") {
        bail!(
            "this Rust has no {}: install Rust by rustup",
            missing.join(" and no ")
        );
    }
    run_quiet(
        command("rustup", &workspace.root)
            .args(["component", "add"])
            .args(missing),
    )?;
    Ok(Done::Did)
}

fn cargo_tool(workspace: &Workspace, tool: &Tool, debug: bool) -> Result<Done> {
    if tool.present()? {
        return Ok(already());
    }
    let install = |locked: bool| -> Result<()> {
        let mut cargo = command("cargo", &workspace.root);
        cargo
            .arg("install")
            .arg("--quiet")
            .arg("--force")
            .arg("--root")
            .arg(tool.folder()?);
        // The workspace's target folder is not ours to fill with a tool's crates.
        cargo.env_remove("CARGO_TARGET_DIR");
        cargo
            .args(debug.then_some("--debug"))
            .args(locked.then_some("--locked"));
        cargo.arg(format!("{}@{}", tool.name, tool.version));
        run_quiet(&mut cargo).map(|_| ())
    };
    // A registry mirror can lack one version of the tool's own lock file.
    if let Err(error) = install(true) {
        eprintln!("{error:#}; trying without --locked");
        install(false)?;
    }
    if !tool.present()? {
        bail!(
            "{} was installed but does not answer with version {}",
            tool.name,
            tool.version
        );
    }
    Ok(Done::Did)
}

fn npm_tool(workspace: &Workspace, tool: &Tool) -> Result<Done> {
    if tool.present()? {
        return Ok(already());
    }
    require_npm()?;
    let mut npm = command("npm", &workspace.root);
    npm.args([
        "install",
        "--global",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--prefix",
    ]);
    npm.arg(tool.folder()?).arg(format!("binaryen@{}", tool.version));
    run_quiet(&mut npm)?;
    if !tool.present()? {
        bail!("binaryen was installed but its wasm-opt does not answer with its version");
    }
    Ok(Done::Did)
}

fn require_npm() -> Result<()> {
    if !on_path("npm") {
        bail!("npm is missing: install Node.js 20 or later (Debian: `apt-get install nodejs npm`)");
    }
    Ok(())
}

fn nextest(workspace: &Workspace) -> Result<Done> {
    if let Some(text) = answer("cargo", &["nextest", "--version"]) {
        let version = text.split_whitespace().nth(1).unwrap_or("?").to_owned();
        return Ok(Done::Already(format!("{version} already there")));
    }
    let mut cargo = command("cargo", &workspace.root);
    cargo.env_remove("CARGO_TARGET_DIR");
    cargo
        .args(["install", "--quiet", "--debug", "--locked"])
        .arg(format!("cargo-nextest@{NEXTEST_VERSION}"));
    run_quiet(&mut cargo)?;
    Ok(Done::Did)
}

/// `npm ci` in e2e/.
fn e2e_packages(workspace: &Workspace) -> Result<Done> {
    npm_packages(workspace, "e2e", true)
}

/// `npm ci` in a folder unless it was done for this package-lock.
fn npm_packages(workspace: &Workspace, name: &str, scripts: bool) -> Result<Done> {
    let folder = workspace.path(name);
    let lock_file = folder.join("package-lock.json");
    if !lock_file.is_file() {
        return Ok(Done::Already(format!("{name}/package-lock.json is not there")));
    }
    let wanted = crate::files::digest(&workspace.root, &[lock_file], &[])?;
    let stamp = folder.join("node_modules/.consilium-stamp");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(already());
    }
    require_npm()?;
    let mut npm = command("npm", &folder);
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    if !scripts {
        npm.arg("--ignore-scripts");
    }
    // The browser is the system's Chromium.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .env("PUPPETEER_SKIP_DOWNLOAD", "1");
    run_quiet(&mut npm)?;
    crate::files::write_parent(&stamp)?;
    std::fs::write(&stamp, wanted).context("writing the stamp of node_modules")?;
    Ok(Done::Did)
}
