//! How large the bundle may be. Raising a number is a decision that shows in the diff.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::compress::with_ending;

/// The wasm as the browser compiles it, in bytes. Every page is in it, since a page that is drawn is the page that
/// lives; the preparation phase brought seven, the room keeps a copy of its document and plays its history. Raised by
/// 3.6 % for the page of those who run the platform and for queries that are answered in the room.
const WASM_RAW_MAX_BYTES: u64 = 2_900_000;
/// The wasm as it travels, in bytes.
const WASM_BROTLI_MAX_BYTES: u64 = 800_000;
/// Style sheet as it travels, in bytes.
const STYLE_BROTLI_MAX_BYTES: u64 = 24_000;

/// Prints the sizes of the bundle in `dist` and fails when one is over its budget.
pub(super) fn check(dist: &Path) -> Result<()> {
    let manifest = super::manifest(dist).context("dist/ has no manifest.json")?;
    let size = |key: &str, packed: bool| -> Result<u64> {
        let file = super::named(dist, &manifest, key).with_context(|| format!("dist/ has no {key}"))?;
        let file = if packed { with_ending(&file, "br") } else { file };
        Ok(std::fs::metadata(&file)
            .with_context(|| format!("{} is missing", file.display()))?
            .len())
    };
    let wasm = (size("wasm", false)?, size("wasm", true)?);
    let script = (size("script", false)?, size("script", true)?);
    let style = (size("style", false)?, size("style", true)?);
    for (name, (raw, packed)) in [("wasm", wasm), ("script", script), ("style", style)] {
        println!(
            "      {name:<7}{:>12} bytes{:>12} bytes Brotli",
            grouped(raw),
            grouped(packed)
        );
    }
    within("the wasm", wasm.0, WASM_RAW_MAX_BYTES)?;
    within("the wasm under Brotli", wasm.1, WASM_BROTLI_MAX_BYTES)?;
    within("the style sheet under Brotli", style.1, STYLE_BROTLI_MAX_BYTES)
}

fn within(what: &str, bytes: u64, max_bytes: u64) -> Result<()> {
    ensure!(
        bytes <= max_bytes,
        "{what} has {} bytes, {} over its budget of {} (xtask/src/bundle/budget.rs)",
        grouped(bytes),
        grouped(bytes.saturating_sub(max_bytes)),
        grouped(max_bytes)
    );
    Ok(())
}

/// 1234567 as `1 234 567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123_456), "123 456");
        assert_eq!(grouped(1_234_567), "1 234 567");
    }

    #[test]
    fn one_byte_over_fails_by_name() {
        assert!(within("x", 10, 10).is_ok());
        assert!(
            within("x", 11, 10)
                .unwrap_err()
                .to_string()
                .contains("x has 11 bytes, 1 over")
        );
    }
}
