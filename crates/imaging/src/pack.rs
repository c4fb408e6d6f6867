//! The lossless wire form of a grey frame.
//!
//! Each word becomes its difference from the word to its left (the first of a row: from the word
//! above, the very first: from 0), modulo 2^16. Then all low bytes come first, all high bytes after.
//! Neighbouring pixels differ little, so a general compressor does much better on this than on the
//! raw words; compression itself is left to the HTTP content encoding.

use crate::number::index;
use thiserror::Error;

/// Bytes that are not whole rows of 16-bit words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{bytes} bytes are not whole rows of {columns} words")]
pub struct PackError {
    /// Bytes given.
    pub bytes: u64,
    /// Columns claimed.
    pub columns: u32,
}

/// Packs little-endian words, row by row. The result has as many bytes as `words`.
///
/// # Errors
/// [`PackError`] when `words` is not a whole number of rows of `columns` words.
pub fn pack(words: &[u8], columns: u32) -> Result<Vec<u8>, PackError> {
    let row_words = row_words(words, columns)?;
    let mut low = Vec::with_capacity(words.len());
    let mut high = Vec::with_capacity(words.len() / 2);
    let mut above = 0_u16;
    for row in words.chunks_exact(row_words * 2) {
        let mut left = above;
        for (at, &pair) in row.as_chunks::<2>().0.iter().enumerate() {
            let word = u16::from_le_bytes(pair);
            let [l, h] = word.wrapping_sub(left).to_le_bytes();
            low.push(l);
            high.push(h);
            left = word;
            if at == 0 {
                above = word;
            }
        }
    }
    low.append(&mut high);
    Ok(low)
}

/// The inverse of [`pack`].
///
/// # Errors
/// [`PackError`] when `packed` is not a whole number of rows of `columns` words.
pub fn unpack(packed: &[u8], columns: u32) -> Result<Vec<u8>, PackError> {
    let row_words = row_words(packed, columns)?;
    let (low, high) = packed.split_at(packed.len() / 2);
    let mut words = Vec::with_capacity(packed.len());
    let mut above = 0_u16;
    for (low, high) in low.chunks_exact(row_words).zip(high.chunks_exact(row_words)) {
        let mut left = above;
        for (at, (&l, &h)) in low.iter().zip(high).enumerate() {
            left = left.wrapping_add(u16::from_le_bytes([l, h]));
            words.extend_from_slice(&left.to_le_bytes());
            if at == 0 {
                above = left;
            }
        }
    }
    Ok(words)
}

fn row_words(bytes: &[u8], columns: u32) -> Result<usize, PackError> {
    let row_words = index(columns);
    match row_words.checked_mul(2) {
        Some(row) if row > 0 && bytes.len().is_multiple_of(row) => Ok(row_words),
        _ => Err(PackError {
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            columns,
        }),
    }
}

/// Compresses to the gzip format at the default level, for a stored response body.
///
/// # Errors
/// Only when the compressor fails, which it does not for bytes in memory.
#[cfg(feature = "dicom")]
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(
        Vec::with_capacity(bytes.len() / 2),
        flate2::Compression::default(),
    );
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_form_is_fixed() {
        let words: Vec<u8> = [1000_u16, 1001, 900, 898]
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        // differences: 1000, 1, -100, -2
        assert_eq!(
            pack(&words, 2).unwrap(),
            [0xe8, 0x01, 0x9c, 0xfe, 0x03, 0x00, 0xff, 0xff]
        );
    }

    #[test]
    fn wrong_sizes_are_errors() {
        assert!(pack(&[0; 6], 2).is_err());
        assert!(pack(&[0; 4], 0).is_err());
        assert!(unpack(&[0; 3], 1).is_err());
        assert!(unpack(&[0; 8], u32::MAX).is_err());
        assert_eq!(unpack(&[], 5).unwrap(), Vec::<u8>::new());
    }

    proptest! {
        #[test]
        fn unpack_undoes_pack(columns in 1_u32..40, rows in 0_usize..20, seed: Vec<u8>) {
            let count = rows * usize::try_from(columns).unwrap() * 2;
            let words: Vec<u8> = seed.iter().copied().chain(0..=255).cycle().take(count).collect();
            let packed = pack(&words, columns).unwrap();
            prop_assert_eq!(packed.len(), words.len());
            prop_assert_eq!(unpack(&packed, columns).unwrap(), words);
        }

        #[test]
        fn unpack_takes_anything(bytes: Vec<u8>, columns in 0_u32..50) {
            if let Ok(words) = unpack(&bytes, columns) {
                prop_assert_eq!(pack(&words, columns).unwrap(), bytes);
            }
        }
    }

    #[cfg(feature = "dicom")]
    #[test]
    fn gzip_comes_back() {
        use std::io::Read;
        let bytes: Vec<u8> = (0..=255_u8).cycle().take(10_000).collect();
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&*gzip(&bytes).unwrap())
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, bytes);
    }
}
