//! Rust to wasm: Trunk runs cargo and wasm-bindgen, then wasm-opt makes the result small.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{command, run, run_quiet};
use crate::files;
use crate::tools::{Tool, path_with};
use crate::workspace::Workspace;

/// The loader that wasm-bindgen writes.
pub(super) const SCRIPT: &str = "frontend.js";
/// The program.
pub(super) const WASM: &str = "frontend_bg.wasm";
/// JavaScript that crates bring along.
pub(super) const SNIPPETS: &str = "snippets";

const SOURCES: [&str; 10] = [
    "app",
    "frontend",
    "crates/domain",
    "crates/protocol",
    "crates/collab",
    "crates/imaging",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "Trunk.toml",
];

/// What rustc emits for wasm32 by default, and what every browser of the last years runs.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// A digest of all that decides the wasm: sources, lock file, compiler and tools.
pub(super) fn inputs(workspace: &Workspace) -> Result<String> {
    let mut sources = Vec::new();
    for source in SOURCES {
        sources.extend(files::below(&workspace.path(source))?);
    }
    let rustc = crate::command::answer("rustc", &["-V"]).context("rustc does not answer")?;
    let (trunk, bindgen, opt) = (Tool::trunk(), Tool::wasm_bindgen(workspace)?, Tool::wasm_opt());
    let mut extra = vec![rustc.trim(), &trunk.version, &bindgen.version, &opt.version];
    extra.extend(WASM_FEATURES);
    files::digest(&workspace.root, &sources, &extra)
}

/// Gives the folder with [`SCRIPT`], [`WASM`] and [`SNIPPETS`]; builds only when `inputs` are new, so that a change of
/// style alone costs no compilation.
pub(super) fn build(workspace: &Workspace, inputs: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("bundle/code");
    let stamp = folder.join("inputs");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == inputs) {
        println!("      wasm is up to date");
        return Ok(folder);
    }
    let trunk_dist = workspace.target.join("bundle/trunk");
    trunk(workspace, &trunk_dist)?;
    files::remove_folder(&folder)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let loader = trunk_dist.join(SCRIPT);
    std::fs::copy(&loader, folder.join(SCRIPT)).with_context(|| format!("copying {}", loader.display()))?;
    files::copy_folder(&trunk_dist.join(SNIPPETS), &folder.join(SNIPPETS))?;
    optimise(workspace, &trunk_dist.join(WASM), &folder.join(WASM))?;
    std::fs::write(&stamp, inputs).context("writing the stamp of the wasm")?;
    Ok(folder)
}

fn trunk(workspace: &Workspace, dist: &Path) -> Result<()> {
    let tool = Tool::trunk();
    let bins = [tool.bin()?, Tool::wasm_bindgen(workspace)?.bin()?];
    // wasm-bindgen never deletes; a snippet of an earlier build would be published with the new ones.
    files::remove_folder(&workspace.target.join("wasm-bindgen"))?;
    files::remove_folder(dist)?;
    // Trunk wants the parent of its output to exist.
    files::write_parent(dist)?;
    let mut trunk = command(tool.program()?, &workspace.root);
    trunk
        .args(["build", "--offline", "--skip-version-check", "--dist"])
        .arg(dist);
    if Workspace::in_ci() {
        trunk.arg("--locked");
    }
    trunk.env("PATH", path_with(&bins)?);
    // Trunk reads NO_COLOR as a boolean and stops at the usual value 1.
    trunk.env_remove("NO_COLOR");
    // A compiler's error says enough; Trunk would put its own backtrace under it.
    trunk.env("RUST_BACKTRACE", "0");
    run(&mut trunk)?;
    if !dist.join(WASM).is_file() || !dist.join(SCRIPT).is_file() {
        bail!("Trunk left no {SCRIPT} and {WASM} in {}", dist.display());
    }
    Ok(())
}

fn optimise(workspace: &Workspace, from: &Path, to: &Path) -> Result<()> {
    let start = std::time::Instant::now();
    let tool = Tool::wasm_opt();
    let mut opt = command(tool.program()?, &workspace.root);
    opt.args([
        "-Oz",
        "--strip-debug",
        "--strip-producers",
        "--strip-target-features",
    ])
    .args(WASM_FEATURES)
    .arg(from)
    .arg("-o")
    .arg(to);
    run_quiet(&mut opt)?;
    println!("      wasm-opt -Oz: {}", crate::steps::seconds(start.elapsed()));
    Ok(())
}
