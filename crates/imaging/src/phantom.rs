//! Our own head CT: a drawn head with a bleeding, and calibration objects of known size and value.
//!
//! Everything is computed from the options alone, so the same options give the same bytes anywhere.
//! The objects are complete CT images (PS3.3 A.3) in Explicit VR Little Endian, good for
//! demonstrations and for tests that must know the right answer. No real person's data is in them.

mod anatomy;
mod facts;
mod noise;
mod write;

pub use facts::{Ellipsoid, Facts, Insert, facts};

use crate::geometry::Point;
use crate::number::{index, round_i16};
use noise::Noise;
use thiserror::Error;

/// Side of the square field of view in nanometres: 512 pixels of 0.488281 mm.
const FIELD_NM: u64 = 488_281 * 512;
/// Distance between slices, and their thickness.
const SLICE_SPACING_MM: f64 = 5.0;
/// Height of the middle slice above the skull base.
const MIDDLE_MM: f64 = 60.0;
/// Added to HU before storing; the Rescale Intercept is its negative.
const OFFSET_HU: f64 = 1024.0;

/// Who the images say they show.
#[derive(Clone, Copy)]
pub struct PhantomPatient<'a> {
    /// Patient ID.
    pub id: &'a str,
    /// Issuer of Patient ID; empty for none.
    pub issuer: &'a str,
    /// Patient's Name in DICOM form, UTF-8.
    pub name: &'a str,
    /// `YYYYMMDD`, or empty.
    pub birth_date: &'a str,
    /// `M`, `F`, `O` or empty.
    pub sex: &'a str,
}

impl std::fmt::Debug for PhantomPatient<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhantomPatient([redacted])")
    }
}

/// Size and labels of a series.
#[derive(Debug, Clone)]
pub struct Options {
    /// All UIDs and the noise derive from it.
    pub seed: u64,
    /// Rows and columns, 32 to 1024.
    pub size: u32,
    /// Number of slices, 1 to 64; they are centred on the bleeding.
    pub slices: u32,
    /// Study Date and Series Date, `YYYYMMDD`.
    pub date: String,
    /// Study Time and Series Time, `HHMMSS`.
    pub time: String,
    /// Study Description.
    pub study_description: String,
    /// Series Description.
    pub series_description: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            size: 512,
            slices: 24,
            date: "20260105".to_owned(),
            time: "081500".to_owned(),
            study_description: "CT head without contrast".to_owned(),
            series_description: "Head 5.0 mm".to_owned(),
        }
    }
}

/// A series that cannot be made.
#[derive(Debug, Error)]
pub enum PhantomError {
    /// Size or number of slices outside the limits.
    #[error("phantom size or number of slices outside the limits")]
    Options,
    /// The object could not be written.
    #[error("phantom object could not be written")]
    Write(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Options {
    /// Pixel Spacing of both axes, exactly as written in the object.
    #[must_use]
    pub fn spacing_mm(&self) -> f64 {
        let nanometres = FIELD_NM / u64::from(self.size.max(1));
        crate::number::f64_of(i128::from(nanometres)) / 1e6
    }

    /// The image point of a patient position in the slice plane.
    #[must_use]
    pub fn pixel(&self, x_mm: f64, y_mm: f64) -> Point {
        let half = f64::from(self.size) / 2.0;
        Point {
            x: x_mm / self.spacing_mm() + half,
            y: y_mm / self.spacing_mm() + half,
        }
    }

    /// Patient z of slice `at`, counted from 0 at the feet.
    #[must_use]
    pub fn slice_z_mm(&self, at: u32) -> f64 {
        MIDDLE_MM + SLICE_SPACING_MM * (f64::from(at) - f64::from(self.slices / 2))
    }

    fn check(&self) -> Result<(), PhantomError> {
        if (32..=1024).contains(&self.size) && (1..=64).contains(&self.slices) {
            Ok(())
        } else {
            Err(PhantomError::Options)
        }
    }
}

/// All objects of the series, feet first.
///
/// # Errors
/// [`PhantomError`] when the options are outside their limits or an object cannot be written.
pub fn series(options: &Options, patient: &PhantomPatient<'_>) -> Result<Vec<Vec<u8>>, PhantomError> {
    options.check()?;
    (0..options.slices)
        .map(|at| slice(options, patient, at))
        .collect()
}

/// The object of one slice, `at` counted from 0 at the feet.
///
/// # Errors
/// As [`series`]; also when `at` is not below the number of slices.
pub fn slice(options: &Options, patient: &PhantomPatient<'_>, at: u32) -> Result<Vec<u8>, PhantomError> {
    options.check()?;
    if at >= options.slices {
        return Err(PhantomError::Options);
    }
    write::object(options, patient, at, pixels(options, at))
}

/// Stored words of one slice, little endian.
fn pixels(options: &Options, at: u32) -> Vec<u8> {
    let spacing = options.spacing_mm();
    let half = f64::from(options.size) / 2.0;
    let z = options.slice_z_mm(at);
    let noise = Noise::new(options.seed);
    let mut words = Vec::with_capacity(index(options.size) * index(options.size) * 2);
    for row in 0..options.size {
        let y = (f64::from(row) + 0.5 - half) * spacing;
        for column in 0..options.size {
            let x = (f64::from(column) + 0.5 - half) * spacing;
            let hu = anatomy::hu(
                anatomy::At {
                    x,
                    y,
                    z,
                    blur: spacing,
                },
                &noise,
                (column, row, at),
            );
            words.extend_from_slice(&round_i16(hu + OFFSET_HU).to_le_bytes());
        }
    }
    words
}

#[cfg(test)]
mod tests;
