//! Running other programs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A command in `folder` without the variables that cargo sets for the program it runs. Build scripts that watch
/// them would otherwise run again whenever cargo is called by us after being called by hand, and the other way round.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if set_by_cargo(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn set_by_cargo(name: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
        || matches!(name, "CARGO" | "OUT_DIR")
}

/// `cargo` with `arguments` in the workspace; in CI with `--locked`, which is put after the subcommand.
pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = command("cargo", folder);
    if let Some((subcommand, rest)) = arguments.split_first() {
        cargo.arg(subcommand);
        if crate::workspace::Workspace::in_ci() && *subcommand != "fmt" {
            cargo.arg("--locked");
        }
        cargo.args(rest);
    }
    cargo
}

/// Runs with our own output and fails with the command line when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs in silence; what it said is shown only when it fails. Gives back its standard output.
pub(crate) fn run_quiet(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        eprintln!();
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("`{shown}` ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Standard output of a command that may be missing or fail: `None` then.
pub(crate) fn answer(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of this name is on PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|folder| {
        folder.join(program).is_file()
            || folder
                .join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
                .is_file()
    })
}

fn shown(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cargo_set_is_removed() {
        assert!(set_by_cargo("CARGO_PKG_NAME"));
        assert!(set_by_cargo("CARGO_MANIFEST_DIR"));
        assert!(!set_by_cargo("CARGO_HOME"));
        assert!(!set_by_cargo("CARGO_TARGET_DIR"));
        assert!(!set_by_cargo("PATH"));
    }

    #[test]
    fn shows_program_and_arguments() {
        let mut command = Command::new("cargo");
        command.args(["build", "-p", "x"]);
        assert_eq!(shown(&command), "cargo build -p x");
    }
}
