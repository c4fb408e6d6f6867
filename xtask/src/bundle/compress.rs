//! Brotli and gzip beside each file, once, so that the server never compresses while somebody waits.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The densest of Brotli's qualities (0 to 11).
const BROTLI_QUALITY: u32 = 11;
/// Window of 4 MiB (2^22 bytes), the largest every browser accepts.
const BROTLI_WINDOW_LOG2: u32 = 22;

/// Writes `file.br` and `file.gz` when `file` is a script, wasm or style sheet.
pub(super) fn beside(file: &Path) -> Result<()> {
    if !file
        .extension()
        .is_some_and(|ending| ["js", "wasm", "css"].iter().any(|text| ending == *text))
    {
        return Ok(());
    }
    let content = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    write(&with_ending(file, "br"), &brotli(&content)?)?;
    write(&with_ending(file, "gz"), &gzip(&content)?)
}

/// `a.js` and `br` give `a.js.br`.
pub(super) fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn write(file: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(file, content).with_context(|| format!("writing {}", file.display()))
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW_LOG2);
    writer.write_all(content).context("Brotli")?;
    drop(writer);
    Ok(packed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content).context("gzip")?;
    writer.finish().context("gzip")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn both_come_back_the_same() {
        let content = "fn main() {}\n".repeat(100).into_bytes();
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(brotli(&content).unwrap().as_slice(), 4096)
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, content);
        unpacked.clear();
        flate2::read::GzDecoder::new(gzip(&content).unwrap().as_slice())
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, content);
    }

    #[test]
    fn ending_is_added() {
        assert_eq!(with_ending(Path::new("a/b.js"), "br"), Path::new("a/b.js.br"));
    }
}
