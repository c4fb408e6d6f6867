//! Colour forms to RGB (PS3.3 C.7.6.3.1.2).

use super::DicomError;
use super::palette::Palette;
use crate::number::floor_u8;

/// Full-range YCbCr to RGB, rounded to nearest.
pub(super) fn ybr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f64::from(y), f64::from(cb) - 128.0, f64::from(cr) - 128.0);
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(|part| floor_u8(part + 0.5))
}

/// Uncompressed YBR_FULL_422: two luminances, then one pair of chrominances for both.
pub(super) fn ybr_422_to_rgb(samples: &[u8]) -> Vec<u8> {
    let pairs = samples.as_chunks::<4>().0.iter();
    pairs
        .flat_map(|&[y0, y1, cb, cr]| [ybr_to_rgb([y0, cb, cr]), ybr_to_rgb([y1, cb, cr])])
        .flatten()
        .collect()
}

/// One plane after the other to one pixel after the other.
pub(super) fn interleave(planes: &[u8], pixels: usize) -> Result<Vec<u8>, DicomError> {
    let (red, rest) = planes.split_at_checked(pixels).ok_or(DicomError::Truncated)?;
    let (green, blue) = rest.split_at_checked(pixels).ok_or(DicomError::Truncated)?;
    Ok(red
        .iter()
        .zip(green)
        .zip(blue)
        .flat_map(|((&r, &g), &b)| [r, g, b])
        .collect())
}

/// Stored values through a palette.
pub(super) fn palette_to_rgb(stored: impl Iterator<Item = i32>, palette: &Palette) -> Vec<u8> {
    stored.flat_map(|value| palette.colour(value)).collect()
}
