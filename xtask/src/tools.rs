//! The tools we install ourselves, kept outside `target/` so that `cargo clean` and a new clone do not lose them.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::answer;
use crate::workspace::Workspace;

/// The last Trunk that our rustc builds. It only orchestrates, so a debug build is good enough.
const TRUNK_VERSION: &str = "0.21.14";
/// The npm package `binaryen`, which holds wasm-opt.
const BINARYEN_VERSION: &str = "132.0.0";
/// A live-document server to measure ours against.
const YSWEET_VERSION: &str = "0.9.1";
/// Used only when no `cargo nextest` is installed.
pub(crate) const NEXTEST_VERSION: &str = "0.9.143";

/// One tool in `<tools>/<name>-<version>/bin/<binary>`.
pub(crate) struct Tool {
    /// Name of the package and of the folder.
    pub(crate) name: &'static str,
    /// Exact version.
    pub(crate) version: String,
    binary: &'static str,
    /// What `--version` must contain as a word; empty for a program that does not tell, whose folder then has
    /// the version in its name.
    said: String,
}

impl Tool {
    /// Trunk.
    pub(crate) fn trunk() -> Self {
        Self::new("trunk", TRUNK_VERSION, "trunk", TRUNK_VERSION)
    }

    /// wasm-bindgen at exactly the version of the library in Cargo.lock: another one refuses our wasm.
    pub(crate) fn wasm_bindgen(workspace: &Workspace) -> Result<Self> {
        let version = workspace.locked_version("wasm-bindgen")?;
        Ok(Self::new("wasm-bindgen-cli", &version, "wasm-bindgen", &version))
    }

    /// wasm-opt. Binaryen's own version is the first number of the package's.
    pub(crate) fn wasm_opt() -> Self {
        let major = BINARYEN_VERSION.split('.').next().unwrap_or(BINARYEN_VERSION);
        Self::new("wasm-opt", BINARYEN_VERSION, "wasm-opt", major)
    }

    /// y-sweet, for measurements only.
    pub(crate) fn y_sweet() -> Self {
        Self::new("y-sweet", YSWEET_VERSION, "y-sweet", "")
    }

    fn new(name: &'static str, version: &str, binary: &'static str, said: &str) -> Self {
        Self {
            name,
            version: version.to_owned(),
            binary,
            said: said.to_owned(),
        }
    }

    /// The tool's own folder.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        Ok(tools_folder()?.join(format!("{}-{}", self.name, self.version)))
    }

    /// The folder to put on PATH.
    pub(crate) fn bin(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join("bin"))
    }

    /// The program.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        Ok(self
            .bin()?
            .join(format!("{}{}", self.binary, std::env::consts::EXE_SUFFIX)))
    }

    /// Whether the program answers with the right version.
    pub(crate) fn present(&self) -> Result<bool> {
        let program = self.program()?;
        let right = || answer(&program, &["--version"]).is_some_and(|text| says(&text, &self.said));
        Ok(program.exists() && (self.said.is_empty() || right()))
    }
}

fn says(text: &str, version: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
        .any(|word| word == version)
}

/// `$CONSILIUM_TOOLS`, else `$XDG_CACHE_HOME/consilium/tools`, else `~/.cache/consilium/tools`.
pub(crate) fn tools_folder() -> Result<PathBuf> {
    choose(
        std::env::var_os("CONSILIUM_TOOLS").map(PathBuf::from),
        std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from),
        std::env::home_dir(),
    )
}

fn choose(own: Option<PathBuf>, cache: Option<PathBuf>, home: Option<PathBuf>) -> Result<PathBuf> {
    let given = |folder: &PathBuf| !folder.as_os_str().is_empty();
    if let Some(folder) = own.filter(given) {
        return std::path::absolute(&folder).context("CONSILIUM_TOOLS is not a path");
    }
    // The XDG rules: a relative cache folder is to be ignored.
    if let Some(folder) = cache.filter(|folder| folder.is_absolute()) {
        return Ok(folder.join("consilium/tools"));
    }
    let home = home
        .filter(given)
        .context("no home folder: set CONSILIUM_TOOLS to a folder for the tools")?;
    Ok(home.join(".cache/consilium/tools"))
}

/// Held while tools are installed, so that two of us do not install the same one at once.
pub(crate) fn lock() -> Result<File> {
    let folder = tools_folder()?;
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let file = open_lock(&folder.join(".lock"))?;
    file.lock().context("waiting for another set-up to end")?;
    Ok(file)
}

fn open_lock(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))
}

/// PATH with these folders first.
pub(crate) fn path_with(first: &[PathBuf]) -> Result<std::ffi::OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let folders = first.iter().cloned().chain(std::env::split_paths(&rest));
    std::env::join_paths(folders).context("a tools folder has a path separator in its name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_must_be_a_whole_word() {
        assert!(says("wasm-bindgen 0.2.130\n", "0.2.130"));
        assert!(!says("wasm-bindgen 0.2.13\n", "0.2.130"));
        assert!(!says("trunk 0.21.14-rc.1\n", "0.21.14"));
        assert!(says("wasm-opt version 132 (version_132)", "132"));
    }

    #[test]
    fn own_folder_wins_then_cache_then_home() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(
            choose(path("/t"), path("/c"), path("/h")).unwrap(),
            PathBuf::from("/t")
        );
        assert_eq!(
            choose(path(""), path("/c"), path("/h")).unwrap(),
            PathBuf::from("/c/consilium/tools")
        );
        assert_eq!(
            choose(None, path("c"), path("/h")).unwrap(),
            PathBuf::from("/h/.cache/consilium/tools")
        );
        assert!(choose(None, None, None).is_err());
    }
}
