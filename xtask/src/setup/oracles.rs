//! A Python environment with implementations of others, which judge documents that ours has written.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::already;
use crate::command::{command, run_quiet};
use crate::steps::Done;
use crate::tools;
use crate::workspace::Workspace;

const REQUIREMENTS: &str = "e2e/oracles/requirements.txt";

/// The environment for these requirements.
pub(crate) fn folder(workspace: &Workspace) -> Result<PathBuf> {
    let digest = crate::files::digest(&workspace.root, &[workspace.path(REQUIREMENTS)], &[])?;
    let short: String = digest.chars().take(12).collect();
    Ok(tools::tools_folder()?.join(format!("oracles-{short}")))
}

/// Makes it, unless it is there. A stamp is written last, so that half an environment is made anew.
pub(super) fn install(workspace: &Workspace) -> Result<Done> {
    let folder = folder(workspace)?;
    let stamp = folder.join("complete");
    if stamp.is_file() {
        return Ok(already());
    }
    let mut venv = command("python3", &workspace.root);
    run_quiet(venv.args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = command(folder.join("bin/python"), &workspace.root);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        REQUIREMENTS,
    ]);
    run_quiet(&mut pip)?;
    std::fs::write(&stamp, "").context("writing the stamp of the Python environment")?;
    Ok(Done::Did)
}
