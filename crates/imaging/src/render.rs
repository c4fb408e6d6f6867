//! Stored integers to 8-bit grey: modality LUT, VOI window, then presentation (PS3.3 C.11.1, C.11.2).
//!
//! The linear window rounds down (`floor(255 * y)`), as the DCMTK tools do, so our pictures can be
//! compared with theirs pixel by pixel.

use crate::number::floor_u8;
use crate::stored::StoredPixels;
use serde::{Deserialize, Serialize};

/// Window centre and width in modality units (Hounsfield units for CT).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Window Centre (0028,1050).
    pub centre: f64,
    /// Window Width (0028,1051).
    pub width: f64,
}

impl Window {
    /// The window that just holds all values from `min` to `max`, both inclusive.
    #[must_use]
    pub fn spanning(min: f64, max: f64) -> Self {
        Self {
            centre: (min + max + 1.0) / 2.0,
            width: (max - min + 1.0).max(1.0),
        }
    }

    /// The window for a frame whose file names none: from the least to the greatest modality value.
    ///
    /// `padding` is the stored value of pixels that are no image (Pixel Padding Value); they do not count.
    /// A frame without a counting pixel gives centre 0.5, width 1.
    #[must_use]
    pub fn auto(pixels: StoredPixels<'_>, format: &PixelFormat, padding: Option<i32>) -> Self {
        let range = pixels
            .iter()
            .filter(|&stored| Some(stored) != padding)
            .fold(None, |range, stored| {
                let (low, high) = range.unwrap_or((stored, stored));
                Some((low.min(stored), high.max(stored)))
            });
        let (low, high) = range.map_or((0.0, 0.0), |(low, high)| {
            (format.modality(low), format.modality(high))
        });
        Self::spanning(low.min(high), low.max(high))
    }
}

/// VOI LUT Function (0028,1056), PS3.3 C.11.2.1.2 and C.11.2.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoiFunction {
    /// LINEAR, the default.
    #[default]
    Linear,
    /// LINEAR_EXACT.
    LinearExact,
    /// SIGMOID.
    Sigmoid,
}

/// How stored integers become modality values and which end is white.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PixelFormat {
    /// Bits Stored, 1 to 16.
    pub bits_stored: u16,
    /// Pixel Representation 1.
    pub signed: bool,
    /// Rescale Slope.
    pub slope: f64,
    /// Rescale Intercept.
    pub intercept: f64,
    /// MONOCHROME1: the least value is white.
    pub monochrome1: bool,
    /// The function that maps the window to grey.
    pub voi_function: VoiFunction,
}

impl PixelFormat {
    /// The modality value (HU for CT) of a stored integer.
    #[must_use]
    pub fn modality(&self, stored: i32) -> f64 {
        f64::from(stored) * self.slope + self.intercept
    }

    /// Least and greatest stored value that the bits can hold. Bits are limited to 1..=16.
    #[must_use]
    pub fn stored_range(&self) -> (i32, i32) {
        let bits = u32::from(self.bits_stored.clamp(1, 16));
        if self.signed {
            (-(1_i32 << (bits - 1)), (1_i32 << (bits - 1)) - 1)
        } else {
            (0, (1_i32 << bits) - 1)
        }
    }
}

/// One modality value to grey 0..=255 through a window.
///
/// `inverse` makes the least value white. It rounds down after the inversion, as DCMTK does, so an
/// inverse picture is not always 255 minus the plain one.
#[must_use]
pub fn grey(value: f64, window: Window, function: VoiFunction, inverse: bool) -> u8 {
    let Window { centre, width } = window;
    let (low, high) = if inverse { (255.0, 0.0) } else { (0.0, 255.0) };
    let range = high - low;
    match function {
        VoiFunction::Linear => {
            // C.11.2.1.2.1, in the order of operations that DCMTK uses: where the exact result is a
            // whole number, rounding may give one less there and must do so here.
            let span = width.max(1.0) - 1.0;
            let gradient = range / span;
            let offset = high - ((centre - 0.5) / span + 0.5) * range;
            if value <= centre - 0.5 - span / 2.0 {
                floor_u8(low)
            } else if value > centre - 0.5 + span / 2.0 {
                floor_u8(high)
            } else {
                floor_u8(offset + value * gradient)
            }
        }
        VoiFunction::LinearExact => {
            let part = (value - (centre - width / 2.0)) / width;
            floor_u8(low + range * part.clamp(0.0, 1.0))
        }
        VoiFunction::Sigmoid => floor_u8(low + range / (1.0 + (-4.0 * (value - centre) / width).exp())),
    }
}

/// Grey for every possible stored value: built once a window change, then one look-up a pixel.
#[derive(Clone)]
pub struct Lut {
    /// Indexed by the 16-bit word as it stands in the frame.
    table: Vec<u8>,
}

impl std::fmt::Debug for Lut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lut").finish_non_exhaustive()
    }
}

impl Lut {
    /// Builds the table. `invert` turns the picture to its negative (on top of MONOCHROME1).
    #[must_use]
    pub fn build(format: &PixelFormat, window: Window, invert: bool) -> Self {
        let inverse = format.monochrome1 != invert;
        let (least, greatest) = format.stored_range();
        let of = |stored: i32| grey(format.modality(stored), window, format.voi_function, inverse);
        // Words beyond the bits stored cannot come from our decoder; they take the nearest end.
        let mut table = Vec::with_capacity(0x1_0000);
        if format.signed {
            let middle = greatest.saturating_add(1);
            table.extend((0..middle).map(of));
            table.resize(0x8000, of(greatest));
            let gap = usize::try_from(0x8000_i32.saturating_add(least)).unwrap_or(0);
            table.resize(0x8000 + gap, of(least));
            table.extend((least..0).map(of));
        } else {
            table.extend((0..=greatest).map(of));
            table.resize(0x1_0000, of(greatest));
        }
        Self { table }
    }

    /// Grey of one word of a frame.
    #[must_use]
    pub fn word(&self, word: u16) -> u8 {
        self.table.get(usize::from(word)).copied().unwrap_or(0)
    }

    /// Fills `out` (RGBA, 4 bytes a pixel, opaque) for a canvas `ImageData`.
    ///
    /// Stops at the shorter of the two; further bytes of `out` stay as they are.
    pub fn apply_rgba(&self, stored: StoredPixels<'_>, out: &mut [u8]) {
        for (word, pixel) in stored.raw().zip(out.as_chunks_mut::<4>().0) {
            let grey = self.word(word);
            *pixel = [grey, grey, grey, 255];
        }
    }

    /// One grey byte a pixel.
    #[must_use]
    pub fn apply_grey(&self, stored: StoredPixels<'_>) -> Vec<u8> {
        stored.raw().map(|word| self.word(word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ct(bits_stored: u16, signed: bool) -> PixelFormat {
        PixelFormat {
            bits_stored,
            signed,
            slope: 1.0,
            intercept: -1024.0,
            monochrome1: false,
            voi_function: VoiFunction::Linear,
        }
    }

    #[test]
    fn brain_window_ends_and_middle() {
        let window = Window {
            centre: 40.0,
            width: 80.0,
        };
        // left = 39.5 - 39.5 = 0, right = 79.
        assert_eq!(grey(0.0, window, VoiFunction::Linear, false), 0);
        assert!(grey(79.0, window, VoiFunction::Linear, false) >= 254);
        assert_eq!(grey(79.5, window, VoiFunction::Linear, false), 255);
        assert_eq!(grey(40.0, window, VoiFunction::Linear, false), 129);
        assert_eq!(grey(-1000.0, window, VoiFunction::Linear, false), 0);
    }

    #[test]
    fn width_one_is_a_threshold() {
        let window = Window {
            centre: 10.5,
            width: 1.0,
        };
        assert_eq!(grey(10.0, window, VoiFunction::Linear, false), 0);
        assert_eq!(grey(10.001, window, VoiFunction::Linear, false), 255);
        let silly = Window {
            centre: 10.5,
            width: -3.0,
        };
        assert_eq!(grey(11.0, silly, VoiFunction::Linear, false), 255);
    }

    #[test]
    fn every_table_has_every_word() {
        for bits in 1..=16 {
            for signed in [false, true] {
                let lut = Lut::build(
                    &ct(bits, signed),
                    Window {
                        centre: 0.0,
                        width: 4096.0,
                    },
                    false,
                );
                assert_eq!(lut.table.len(), 0x1_0000, "{bits} {signed}");
            }
        }
    }

    #[test]
    fn monochrome1_and_invert_cancel() {
        let window = Window {
            centre: 100.0,
            width: 300.0,
        };
        let mut format = ct(12, false);
        let plain = Lut::build(&format, window, false);
        let negative = Lut::build(&format, window, true);
        format.monochrome1 = true;
        assert_eq!(Lut::build(&format, window, false).table, negative.table);
        assert_eq!(Lut::build(&format, window, true).table, plain.table);
        assert!(
            plain
                .table
                .iter()
                .zip(&negative.table)
                .all(|(&a, &b)| (254..=255).contains(&(u16::from(a) + u16::from(b))))
        );
    }

    #[test]
    fn rgba_is_opaque_grey_and_stops_at_the_shorter() {
        let words = [0, 0, 0xff, 0x0f];
        let lut = Lut::build(
            &ct(12, false),
            Window {
                centre: 1023.5,
                width: 4096.0,
            },
            false,
        );
        let mut out = [7_u8; 12];
        lut.apply_rgba(StoredPixels::new(&words, false), &mut out);
        assert_eq!(out[3], 255);
        assert_eq!(out[4..8], [255, 255, 255, 255]);
        assert_eq!(out[8..], [7; 4]);
    }

    #[test]
    fn auto_window_spans_the_image_without_padding() {
        let words: Vec<u8> = [-2000_i16, 5, 1005]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let window = Window::auto(StoredPixels::new(&words, true), &ct(16, true), Some(-2000));
        assert_eq!(
            window,
            Window {
                centre: (5.0 - 1024.0 + 1005.0 - 1024.0 + 1.0) / 2.0,
                width: 1001.0
            }
        );
        let empty = Window::auto(StoredPixels::new(&[], true), &ct(16, true), None);
        assert_eq!(
            empty,
            Window {
                centre: 0.5,
                width: 1.0
            }
        );
    }

    proptest! {
        #[test]
        fn table_equals_the_formula(
            bits in 8_u16..=16, signed: bool, invert: bool, raw: u16,
            centre in -2000.0_f64..3000.0, width in 1.0_f64..5000.0, slope in -3.0_f64..3.0,
        ) {
            let format = PixelFormat { slope, ..ct(bits, signed) };
            let (least, greatest) = format.stored_range();
            let stored = least + i32::from(raw) % (greatest - least + 1);
            let window = Window { centre, width };
            let expected = grey(format.modality(stored), window, VoiFunction::Linear, invert);
            let bytes = stored.to_le_bytes();
            let lut = Lut::build(&format, window, invert);
            prop_assert_eq!(lut.word(u16::from_le_bytes([bytes[0], bytes[1]])), expected);
        }

        #[test]
        fn grey_never_falls_when_the_value_rises(
            a in -5000.0_f64..5000.0, b in -5000.0_f64..5000.0,
            centre in -2000.0_f64..3000.0, width in 1.0_f64..5000.0,
        ) {
            for function in [VoiFunction::Linear, VoiFunction::LinearExact, VoiFunction::Sigmoid] {
                let window = Window { centre, width };
                prop_assert!(grey(a.min(b), window, function, false) <= grey(a.max(b), window, function, false));
            }
        }
    }
}
