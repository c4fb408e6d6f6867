//! Walking and hashing files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Folders that hold nothing written by hand.
const NOT_SOURCE: [&str; 5] = ["target", "dist", "demo-data", "node_modules", ".git"];

/// Every file below `folder` (or `folder` itself when it is a file), sorted, without build products.
/// A path that does not exist has no files.
pub(crate) fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_file() {
            found.push(path);
            continue;
        }
        if !path.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&path).with_context(|| format!("reading {}", path.display()))? {
            let entry = entry.with_context(|| format!("reading {}", path.display()))?;
            let name = entry.file_name();
            if !NOT_SOURCE.iter().any(|skipped| name == *skipped) {
                open.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `path` relative to `root` with forward slashes.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// SHA-256 over names and contents, as 64 hexadecimal digits. Order and file boundaries count.
pub(crate) fn digest(root: &Path, files: &[PathBuf], extra: &[&str]) -> Result<String> {
    let mut hash = Sha256::new();
    for text in extra {
        hash.update(text.len().to_string());
        hash.update(":");
        hash.update(text);
    }
    for file in files {
        let content = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        hash.update(relative(root, file));
        hash.update(format!("\0{}\0", content.len()));
        hash.update(content);
    }
    Ok(hex::encode(hash.finalize()))
}

/// Sixteen hexadecimal digits of the content's SHA-256: enough to name a file for the browser's cache.
pub(crate) fn short_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

/// Copies a folder's files, keeping their relative paths. Gives the copies.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let mut copies = Vec::new();
    for file in below(from)? {
        let target = to.join(file.strip_prefix(from)?);
        write_parent(&target)?;
        std::fs::copy(&file, &target).with_context(|| format!("copying {}", file.display()))?;
        copies.push(target);
    }
    Ok(copies)
}

/// Makes the folder a file is going to be written in.
pub(crate) fn write_parent(file: &Path) -> Result<()> {
    let parent = file
        .parent()
        .with_context(|| format!("{} has no folder", file.display()))?;
    std::fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))
}

/// Deletes a folder if it is there.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("deleting {}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_hash_depends_on_content_only() {
        assert_eq!(short_hash(&[b"ab", b"c"]), short_hash(&[b"abc"]));
        assert_ne!(short_hash(&[b"abc"]), short_hash(&[b"abd"]));
        assert_eq!(short_hash(&[b"abc"]).len(), 16);
    }

    #[test]
    fn walk_is_sorted_and_leaves_build_products_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = below(root).unwrap();
        assert!(files.is_sorted());
        assert!(files.iter().any(|file| relative(root, file) == "src/main.rs"));
        assert!(!files.iter().any(|file| relative(root, file).contains("target/")));
        assert!(below(&root.join("no such folder")).unwrap().is_empty());
    }
}
