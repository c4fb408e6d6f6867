//! What the browser loads: wasm and its loader, one style sheet, icons; named by content, compressed, within a budget.
//!
//! `dist/` afterwards (served under `/pkg/`):
//! - `boot.js`: the only address without a hash, so the server sends it with `Cache-Control: no-cache`. It starts the
//!   wasm from an external file because the Content-Security-Policy allows no inline script.
//! - `frontend-<hash>.js`, `frontend-<hash>_bg.wasm`, `snippets/`, `app-<hash>.css`: may be cached for ever.
//! - the files of `public/` under their own names.
//! - beside each `.js`, `.wasm` and `.css` its `.br` and `.gz`.
//! - `manifest.json`: `{"boot", "script", "wasm", "style", "inputs"}`, file names that the server reads at start.

mod budget;
mod code;
mod compress;
mod style;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use crate::files;
use crate::setup::{self, Need};
use crate::steps::{Done, Steps};
use crate::workspace::Workspace;

/// Everything that can change the bundle.
const INPUTS: [&str; 5] = [
    "style",
    "public",
    "xtask/src/bundle",
    "xtask/src/bundle.rs",
    "xtask/src/tools.rs",
];

/// `cargo xtask bundle`.
pub(crate) fn main(workspace: &Workspace, rest: &[String]) -> Result<()> {
    crate::no_arguments("bundle", rest)?;
    setup::run(workspace, Need::Bundle)?;
    Steps::new(1).loud("bundle for the browser", || run(workspace)).1
}

/// Builds `dist/` unless it already holds the bundle of these sources.
pub(crate) fn run(workspace: &Workspace) -> Result<Done> {
    let code_inputs = code::inputs(workspace)?;
    let mut sources = Vec::new();
    for input in INPUTS {
        sources.extend(files::below(&workspace.path(input))?);
    }
    let inputs = files::digest(&workspace.root, &sources, &[&code_inputs])?;
    let dist = workspace.path("dist");
    if up_to_date(&dist, &inputs) {
        budget::check(&dist)?;
        return Ok(Done::Already("sources have not changed".to_owned()));
    }
    let code = code::build(workspace, &code_inputs)?;
    // Assembled beside dist/ and moved there whole: a server that starts meanwhile never sees half of it.
    let next = workspace.target.join("bundle/next");
    files::remove_folder(&next)?;
    std::fs::create_dir_all(&next).with_context(|| format!("making {}", next.display()))?;
    assemble(workspace, &code, &next, &inputs)?;
    budget::check(&next)?;
    let old = workspace.target.join("bundle/previous");
    files::remove_folder(&old)?;
    if dist.exists() {
        std::fs::rename(&dist, &old).context("moving the old dist/ away")?;
    }
    std::fs::rename(&next, &dist).context("moving the new bundle to dist/")?;
    files::remove_folder(&old)?;
    Ok(Done::Did)
}

fn assemble(workspace: &Workspace, code: &Path, next: &Path, inputs: &str) -> Result<()> {
    let read = |name: &str| std::fs::read(code.join(name)).with_context(|| format!("reading {name}"));
    let (script, wasm) = (read(code::SCRIPT)?, read(code::WASM)?);
    let hash = files::short_hash(&[&script, &wasm]);
    let script_name = format!("frontend-{hash}.js");
    let wasm_name = format!("frontend-{hash}_bg.wasm");
    let css = style::sheet(&workspace.path("style"))?;
    let style_name = format!("app-{}.css", files::short_hash(&[css.as_bytes()]));

    files::copy_folder(&workspace.path("public"), next)?;
    files::copy_folder(&code.join(code::SNIPPETS), &next.join(code::SNIPPETS))?;
    let put = |name: &str, content: &[u8]| {
        std::fs::write(next.join(name), content).with_context(|| format!("writing {name}"))
    };
    put(&script_name, &script)?;
    put(&wasm_name, &wasm)?;
    put(&style_name, css.as_bytes())?;
    put("boot.js", boot(&script_name, &wasm_name).as_bytes())?;
    for file in files::below(next)? {
        compress::beside(&file)?;
    }
    let manifest = json!({
        "boot": "boot.js", "script": script_name, "wasm": wasm_name, "style": style_name, "inputs": inputs
    });
    put(
        "manifest.json",
        serde_json::to_string_pretty(&manifest)?.as_bytes(),
    )
}

/// The module script that every page names.
fn boot(script: &str, wasm: &str) -> String {
    format!(
        "import init from \"./{script}\";\n\
         await init({{ module_or_path: new URL(\"./{wasm}\", import.meta.url) }});\n"
    )
}

/// Whether `dist` was built from these inputs and is whole.
fn up_to_date(dist: &Path, inputs: &str) -> bool {
    let Some(manifest) = manifest(dist) else {
        return false;
    };
    manifest.get("inputs").and_then(serde_json::Value::as_str) == Some(inputs)
        && ["boot", "script", "wasm", "style"]
            .iter()
            .all(|key| named(dist, &manifest, key).is_some())
}

fn manifest(dist: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(dist.join("manifest.json")).ok()?).ok()
}

/// The existing file that the manifest names under `key`.
fn named(dist: &Path, manifest: &serde_json::Value, key: &str) -> Option<PathBuf> {
    let file = dist.join(manifest.get(key)?.as_str()?);
    file.is_file().then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_starts_the_named_wasm() {
        let text = boot("frontend-1.js", "frontend-1_bg.wasm");
        assert!(text.starts_with("import init from \"./frontend-1.js\";\n"));
        assert!(text.contains("new URL(\"./frontend-1_bg.wasm\", import.meta.url)"));
    }

    #[test]
    fn a_folder_without_manifest_is_not_up_to_date() {
        assert!(!up_to_date(Path::new(env!("CARGO_MANIFEST_DIR")), ""));
    }
}
