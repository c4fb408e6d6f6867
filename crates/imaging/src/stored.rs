//! Stored pixel values: the integers of the file before any look-up table.
//!
//! In memory and on the wire a grey frame is a run of little-endian 16-bit words, row by row.
//! Whatever the file's bits stored, a word already holds the full value: zero-extended when the
//! image is unsigned, sign-extended (two's complement) when it is signed. So the meaning of a word
//! depends on one flag only.

use crate::number::index;
use thiserror::Error;

/// A frame whose bytes do not fit its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{bytes} bytes cannot be {columns} x {rows} words of 16 bits")]
pub struct FrameSizeError {
    /// Bytes given.
    pub bytes: u64,
    /// Columns claimed.
    pub columns: u32,
    /// Rows claimed.
    pub rows: u32,
}

/// A borrowed run of stored values.
#[derive(Debug, Clone, Copy)]
pub struct StoredPixels<'a> {
    words: &'a [u8],
    signed: bool,
}

impl<'a> StoredPixels<'a> {
    /// Reads `words` as little-endian 16-bit values; a single last byte is not a word and is left out.
    #[must_use]
    pub fn new(words: &'a [u8], signed: bool) -> Self {
        Self { words, signed }
    }

    /// Number of pixels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len() / 2
    }

    /// True when there is no pixel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored value of pixel `at`, counted row by row from 0.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<i32> {
        let start = at.checked_mul(2)?;
        let &[low, high] = self.words.get(start..start.checked_add(2)?)? else {
            return None;
        };
        Some(value(u16::from_le_bytes([low, high]), self.signed))
    }

    /// All stored values, row by row.
    pub fn iter(&self) -> impl Iterator<Item = i32> + 'a {
        let signed = self.signed;
        self.raw().map(move |word| value(word, signed))
    }

    /// All words without their sign.
    pub(crate) fn raw(&self) -> impl Iterator<Item = u16> + 'a {
        self.words
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&pair| u16::from_le_bytes(pair))
    }
}

fn value(word: u16, signed: bool) -> i32 {
    if signed {
        i32::from(word.cast_signed())
    } else {
        i32::from(word)
    }
}

/// One grey frame with its size: what a viewer holds for each picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    columns: u32,
    rows: u32,
    signed: bool,
    words: Vec<u8>,
}

impl Frame {
    /// Takes `words` (two bytes a pixel, little endian, row by row).
    ///
    /// # Errors
    /// [`FrameSizeError`] when the number of bytes is not `columns * rows * 2`.
    pub fn new(columns: u32, rows: u32, signed: bool, words: Vec<u8>) -> Result<Self, FrameSizeError> {
        let bytes = u64::try_from(words.len()).unwrap_or(u64::MAX);
        if u64::from(columns) * u64::from(rows) * 2 != bytes {
            return Err(FrameSizeError { bytes, columns, rows });
        }
        Ok(Self {
            columns,
            rows,
            signed,
            words,
        })
    }

    /// Pixels in a row.
    #[must_use]
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Whether words are two's complement.
    #[must_use]
    pub fn signed(&self) -> bool {
        self.signed
    }

    /// The words as bytes, little endian.
    #[must_use]
    pub fn words(&self) -> &[u8] {
        &self.words
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_words(self) -> Vec<u8> {
        self.words
    }

    /// The stored values.
    #[must_use]
    pub fn pixels(&self) -> StoredPixels<'_> {
        StoredPixels::new(&self.words, self.signed)
    }

    /// The stored value at a pixel, `None` outside.
    #[must_use]
    pub fn at(&self, column: u32, row: u32) -> Option<i32> {
        if column >= self.columns || row >= self.rows {
            return None;
        }
        self.pixels().get(
            index(row)
                .checked_mul(index(self.columns))?
                .checked_add(index(column))?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_the_sign_flag() {
        let bytes = [0x00, 0xfc, 0xff, 0x0f];
        assert_eq!(
            StoredPixels::new(&bytes, true).iter().collect::<Vec<_>>(),
            [-1024, 4095]
        );
        assert_eq!(
            StoredPixels::new(&bytes, false).iter().collect::<Vec<_>>(),
            [64512, 4095]
        );
    }

    #[test]
    fn a_frame_must_fit_its_bytes() {
        assert!(Frame::new(2, 2, false, vec![0; 7]).is_err());
        let frame = Frame::new(2, 2, false, vec![0, 0, 1, 0, 2, 0, 3, 0]).unwrap();
        assert_eq!(frame.at(1, 1), Some(3));
        assert_eq!(frame.at(2, 0), None);
        assert_eq!(frame.at(0, 2), None);
    }
}
