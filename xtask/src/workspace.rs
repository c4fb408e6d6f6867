//! Where things are: the workspace root, its members and what Cargo.lock says.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The checkout this tool was built from.
pub(crate) struct Workspace {
    /// Folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder (honours `CARGO_TARGET_DIR`).
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the workspace from this package's place in it: as `cargo run` says it, since two checkouts that share a
    /// target folder share this program, else as it was when this was compiled.
    pub(crate) fn find() -> Result<Self> {
        let package =
            std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&package)
            .parent()
            .context("xtask has no parent folder")?;
        if !root.join("Cargo.lock").is_file() {
            bail!("{} has no Cargo.lock; run this as `cargo xtask`", root.display());
        }
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self {
            root: root.to_owned(),
            target,
        })
    }

    /// A path below the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The locked version of a package that occurs once in Cargo.lock.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let text = std::fs::read_to_string(self.path("Cargo.lock")).context("reading Cargo.lock")?;
        locked_version(&text, package)
    }

    /// Whether CI runs us: nothing may then change Cargo.lock.
    pub(crate) fn in_ci() -> bool {
        std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
    }
}

fn locked_version(lock: &str, package: &str) -> Result<String> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages = lock
        .get("package")
        .and_then(toml::Value::as_array)
        .context("Cargo.lock lists no packages")?;
    let versions: Vec<&str> = packages
        .iter()
        .filter(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))
        .filter_map(|entry| entry.get("version").and_then(toml::Value::as_str))
        .collect();
    match versions.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => bail!("Cargo.lock has no package `{package}`"),
        several => bail!(
            "Cargo.lock has several versions of `{package}`: {}",
            several.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\
        [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\n";

    #[test]
    fn finds_the_only_version() {
        assert_eq!(locked_version(LOCK, "a").unwrap(), "1.2.3");
    }

    #[test]
    fn refuses_none_and_several() {
        assert!(
            locked_version(LOCK, "c")
                .unwrap_err()
                .to_string()
                .contains("no package")
        );
        assert!(
            locked_version(LOCK, "b")
                .unwrap_err()
                .to_string()
                .contains("1.0.0, 2.0.0")
        );
    }
}
