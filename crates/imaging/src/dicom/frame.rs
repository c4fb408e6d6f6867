//! One frame: from the encoded bytes to stored integers or RGB.

use super::facts::{Header, PixelFacts};
use super::part10::{Coding, Opened};
use super::scan::PixelData;
use super::{DicomError, colour, jpeg, rle};
use crate::number::index;
use crate::stored::Frame;
use std::borrow::Cow;

/// A decoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameData {
    /// Stored integers, exact.
    Grey(Frame),
    /// 8-bit RGB.
    Colour(ColourFrame),
}

/// A colour frame, 3 bytes a pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourFrame {
    columns: u32,
    rows: u32,
    rgb: Vec<u8>,
}

impl ColourFrame {
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

    /// Red, green, blue of each pixel.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }
}

/// Enough bytes or fragments for every frame.
pub(super) fn check_complete(opened: &Opened<'_>, facts: &PixelFacts) -> Result<(), DicomError> {
    match &opened.scan.pixels {
        PixelData::Native(range) => {
            if opened.coding != Coding::Native {
                return Err(DicomError::Corrupt("compressed pixel data without fragments"));
            }
            let needed = facts
                .native_frame_bytes()
                .checked_mul(index(facts.frames))
                .ok_or(DicomError::TooLarge)?;
            if range.len() < needed {
                Err(DicomError::Truncated)
            } else {
                Ok(())
            }
        }
        PixelData::Encapsulated { fragments, .. } => {
            if opened.coding == Coding::Native {
                Err(DicomError::Corrupt("fragments in an uncompressed syntax"))
            } else if fragments.is_empty() {
                Err(DicomError::NoPixelData)
            } else if fragments.len() < index(facts.frames) {
                Err(DicomError::Truncated)
            } else {
                Ok(())
            }
        }
    }
}

pub(super) fn decode(opened: &Opened<'_>, header: &Header<'_>, at: u32) -> Result<FrameData, DicomError> {
    let facts = header.pixels()?;
    check_complete(opened, &facts)?;
    if at >= facts.frames {
        return Err(DicomError::NoSuchFrame);
    }
    let encoded = encoded_frame(opened, &facts, at)?;
    let pixels = facts.frame_pixels();
    let sample_bytes = usize::from(facts.bits_allocated / 8);
    let samples = match opened.coding {
        Coding::Native => native(encoded, opened, &facts),
        Coding::Rle => Cow::Owned(rle::decode(
            &encoded,
            pixels,
            usize::from(facts.samples),
            sample_bytes,
        )?),
        Coding::Jpeg { lossy } => Cow::Owned(jpeg::decode(encoded.into_owned(), &facts, lossy)?),
    };
    let (columns, rows) = (u32::from(facts.columns), u32::from(facts.rows));
    let bad = |_| DicomError::Corrupt("frame size");
    if facts.samples == 3 {
        let rgb = rgb(&samples, opened.coding, &facts)?;
        if rgb.len() != pixels * 3 {
            return Err(DicomError::Corrupt("frame size"));
        }
        return Ok(FrameData::Colour(ColourFrame { columns, rows, rgb }));
    }
    let frame = Frame::new(columns, rows, facts.signed, words(&samples, &facts)).map_err(bad)?;
    match header.palette()? {
        None => Ok(FrameData::Grey(frame)),
        Some(palette) => {
            let rgb = colour::palette_to_rgb(frame.pixels().iter(), &palette);
            Ok(FrameData::Colour(ColourFrame { columns, rows, rgb }))
        }
    }
}

/// The bytes of one frame as the file holds them.
fn encoded_frame<'a>(
    opened: &'a Opened<'_>,
    facts: &PixelFacts,
    at: u32,
) -> Result<Cow<'a, [u8]>, DicomError> {
    match &opened.scan.pixels {
        PixelData::Native(range) => {
            let length = facts.native_frame_bytes();
            let start = range.start + length * index(at);
            let bytes = opened
                .data
                .get(start..start + length)
                .ok_or(DicomError::Truncated)?;
            Ok(Cow::Borrowed(bytes))
        }
        PixelData::Encapsulated { offsets, fragments } => {
            let chosen = fragments_of(opened, fragments, offsets, facts.frames, at)?;
            let parts = chosen
                .iter()
                .map(|range| opened.data.get(range.clone()).ok_or(DicomError::Truncated));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            match parts.as_slice() {
                [one] => Ok(Cow::Borrowed(one)),
                many => Ok(Cow::Owned(many.concat())),
            }
        }
    }
}

/// The fragments of one frame (PS3.5 A.4): one each, or as the offset table says, or split where a
/// JPEG image starts.
fn fragments_of<'f>(
    opened: &Opened<'_>,
    fragments: &'f [std::ops::Range<usize>],
    offsets: &[u32],
    frames: u32,
    at: u32,
) -> Result<&'f [std::ops::Range<usize>], DicomError> {
    let (frames, at) = (index(frames), index(at));
    if frames == 1 {
        return Ok(fragments);
    }
    if fragments.len() == frames {
        return fragments.get(at..=at).ok_or(DicomError::NoSuchFrame);
    }
    let origin = fragments.first().map_or(0, |first| first.start);
    let starts: Vec<usize> = if offsets.len() == frames {
        offsets
            .iter()
            .map(|&offset| fragments.partition_point(|range| range.start - origin < index(offset)))
            .collect()
    } else {
        let opens = |range: &std::ops::Range<usize>| {
            opened
                .data
                .get(range.clone())
                .is_some_and(|bytes| bytes.starts_with(&[0xFF, 0xD8]))
        };
        fragments
            .iter()
            .enumerate()
            .filter(|(_, range)| opens(range))
            .map(|(at, _)| at)
            .collect()
    };
    if starts.len() != frames {
        return Err(DicomError::Corrupt("fragments do not match frames"));
    }
    let start = starts.get(at).copied().unwrap_or(0);
    let end = starts.get(at + 1).copied().unwrap_or(fragments.len());
    fragments
        .get(start..end)
        .filter(|chosen| !chosen.is_empty())
        .ok_or(DicomError::Corrupt("offset table"))
}

/// Big-endian words to little endian. 8-bit samples of a big-endian file in OW words are swapped
/// likewise (PS3.5 A.3): which of the two it is shows in the VR of the element.
fn native<'a>(encoded: Cow<'a, [u8]>, opened: &Opened<'_>, facts: &PixelFacts) -> Cow<'a, [u8]> {
    if !opened.encoding.big_endian || (facts.bits_allocated == 8 && !opened.scan.pixel_words) {
        return encoded;
    }
    Cow::Owned(
        encoded
            .as_chunks::<2>()
            .0
            .iter()
            .flat_map(|&[high, low]| [low, high])
            .collect(),
    )
}

/// Samples to whole words: shifted down from the high bit, then zero- or sign-extended.
fn words(samples: &[u8], facts: &PixelFacts) -> Vec<u8> {
    let shift = u32::from(facts.high_bit + 1 - facts.bits_stored);
    let spare = u32::from(16 - facts.bits_stored);
    let place = |raw: u16| {
        let top = (raw >> shift) << spare;
        if facts.signed {
            (top.cast_signed() >> spare).cast_unsigned()
        } else {
            top >> spare
        }
    };
    if facts.bits_allocated == 8 {
        samples
            .iter()
            .flat_map(|&byte| place(u16::from(byte)).to_le_bytes())
            .collect()
    } else {
        samples
            .as_chunks::<2>()
            .0
            .iter()
            .flat_map(|&pair| place(u16::from_le_bytes(pair)).to_le_bytes())
            .collect()
    }
}

fn rgb(samples: &[u8], coding: Coding, facts: &PixelFacts) -> Result<Vec<u8>, DicomError> {
    // The JPEG decoder has already turned its colours to RGB, in pixel order.
    if matches!(coding, Coding::Jpeg { .. }) {
        return Ok(samples.to_vec());
    }
    if facts.is_ybr_422() {
        return match coding {
            Coding::Native => Ok(colour::ybr_422_to_rgb(samples)),
            _ => Err(DicomError::UnsupportedPixelFormat(
                "YBR_FULL_422 in RLE".to_owned(),
            )),
        };
    }
    let in_order = if coding == Coding::Native && facts.planar {
        colour::interleave(samples, facts.frame_pixels())?
    } else {
        samples.to_vec()
    };
    match facts.photometric.as_str() {
        "RGB" => Ok(in_order),
        "YBR_FULL" => Ok(in_order
            .as_chunks::<3>()
            .0
            .iter()
            .flat_map(|&ybr| colour::ybr_to_rgb(ybr))
            .collect()),
        other => Err(DicomError::UnsupportedPixelFormat(other.to_owned())),
    }
}
