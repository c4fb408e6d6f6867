//! The browser bundle: built files under `/pkg`, found through `manifest.json`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use consilium_app::SiteAssets;
use serde::Deserialize;

/// Where the bundle is and what its hashed files are called.
#[derive(Clone, Debug)]
pub struct Site {
    /// Folder served under `/pkg`.
    pub folder: PathBuf,
    /// Names for the page head.
    pub assets: SiteAssets,
}

#[derive(Deserialize)]
struct Manifest {
    script: String,
    wasm: String,
    style: String,
}

impl Site {
    /// Reads `folder/manifest.json`.
    ///
    /// # Errors
    /// The bundle was not built.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("manifest.json");
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is missing: build the bundle first (cargo xtask bundle)",
                path.display()
            )
        })?;
        let manifest: Manifest =
            serde_json::from_str(&text).context("manifest.json of the bundle is damaged")?;
        Ok(Self {
            folder: folder.to_owned(),
            assets: SiteAssets {
                script: manifest.script,
                wasm: manifest.wasm,
                style: manifest.style,
            },
        })
    }

    /// A site without a bundle: pages render on the server only. For tests of the interfaces.
    #[must_use]
    pub fn none() -> Self {
        Self {
            folder: PathBuf::from("/nonexistent"),
            assets: SiteAssets {
                script: String::new(),
                wasm: String::new(),
                style: String::new(),
            },
        }
    }
}
