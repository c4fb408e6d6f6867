//! Measuring on an image: lengths, angles, areas, and where a pixel lies in the patient.
//!
//! Image coordinates follow PS3.3 C.18.6.1.1: column then row at sub-pixel resolution, the top left
//! corner of the first pixel is (0, 0), its centre (0.5, 0.5), and the bottom right corner of the
//! last pixel (columns, rows). Image Position (Patient) is the *centre* of the first pixel
//! (C.7.6.2.1.1), so half a pixel lies between the two conventions.

use serde::{Deserialize, Serialize};

/// A point of an image: column and row at sub-pixel resolution, see the module head.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Along a row, to the right, in pixels.
    pub x: f64,
    /// Along a column, downwards, in pixels.
    pub y: f64,
}

/// Where the millimetres come from (PS3.3 10.7.1). Shown beside every length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpacingSource {
    /// Pixel Spacing of a cross-sectional image: true in the image plane.
    PixelSpacing,
    /// Pixel Spacing of a projection image, calibrated by an object of known size (FIDUCIAL).
    Fiducial,
    /// Pixel Spacing of a projection image, corrected for a known or assumed geometry (GEOMETRY).
    Geometry,
    /// Pixel Spacing of a projection image that differs from the detector's without a stated reason.
    Calibrated,
    /// Imager Pixel Spacing: true at the detector, objects nearer the source look larger.
    Detector,
    /// Imager Pixel Spacing divided by Estimated Radiographic Magnification Factor.
    Magnification,
    /// Nothing known: lengths are in pixels.
    #[default]
    None,
}

/// Distance between neighbouring pixel centres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spacing {
    /// Between rows (vertical), the first value of Pixel Spacing. 1 when the source is `None`.
    pub row_mm: f64,
    /// Between columns (horizontal), the second value. 1 when the source is `None`.
    pub column_mm: f64,
    /// How it is known.
    pub source: SpacingSource,
}

impl Default for Spacing {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

/// What a DICOM header says about spacing; every value is millimetres, rows first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SpacingFacts<'a> {
    /// Pixel Spacing (0028,0030).
    pub pixel_spacing: Option<(f64, f64)>,
    /// Pixel Spacing Calibration Type (0028,0A02).
    pub calibration_type: Option<&'a str>,
    /// Imager Pixel Spacing (0018,1164).
    pub imager_pixel_spacing: Option<(f64, f64)>,
    /// Estimated Radiographic Magnification Factor (0018,1114).
    pub magnification: Option<f64>,
    /// The image is a projection (CR, DX, MG, XA, RF, ...), not a slice.
    pub projection: bool,
}

impl Spacing {
    /// No spacing: lengths are in pixels.
    pub const UNKNOWN: Self = Self {
        row_mm: 1.0,
        column_mm: 1.0,
        source: SpacingSource::None,
    };

    /// Chooses as PS3.3 10.7.1.3 asks. Values that are not positive and finite count as absent.
    #[must_use]
    pub fn choose(facts: &SpacingFacts<'_>) -> Self {
        let usable =
            |pair: Option<(f64, f64)>| pair.filter(|&(row, column)| positive(row) && positive(column));
        let pixel = usable(facts.pixel_spacing);
        let imager = usable(facts.imager_pixel_spacing);
        match (pixel, imager) {
            (Some(pixel), imager) => {
                let source = match (facts.calibration_type.map(str::trim), imager) {
                    (Some("FIDUCIAL"), _) => SpacingSource::Fiducial,
                    (Some("GEOMETRY"), _) => SpacingSource::Geometry,
                    (_, Some(imager)) if same(pixel, imager) => {
                        return Self::at_detector(imager, facts.magnification);
                    }
                    (_, Some(_)) => SpacingSource::Calibrated,
                    (_, None) if facts.projection => return Self::at_detector(pixel, facts.magnification),
                    (_, None) => SpacingSource::PixelSpacing,
                };
                Self {
                    row_mm: pixel.0,
                    column_mm: pixel.1,
                    source,
                }
            }
            (None, Some(imager)) => Self::at_detector(imager, facts.magnification),
            (None, None) => Self::UNKNOWN,
        }
    }

    fn at_detector((row, column): (f64, f64), magnification: Option<f64>) -> Self {
        match magnification.filter(|&factor| positive(factor)) {
            Some(factor) => Self {
                row_mm: row / factor,
                column_mm: column / factor,
                source: SpacingSource::Magnification,
            },
            None => Self {
                row_mm: row,
                column_mm: column,
                source: SpacingSource::Detector,
            },
        }
    }

    /// True when lengths are millimetres.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.source != SpacingSource::None
    }

    fn vector(&self, from: Point, to: Point) -> (f64, f64) {
        let (column_mm, row_mm) = if self.is_known() {
            (self.column_mm, self.row_mm)
        } else {
            (1.0, 1.0)
        };
        ((to.x - from.x) * column_mm, (to.y - from.y) * row_mm)
    }
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn same(a: (f64, f64), b: (f64, f64)) -> bool {
    // Decimal strings of one number may be written with different digits.
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs());
    near(a.0, b.0) && near(a.1, b.1)
}

/// Unit of a measured value, in the UCUM code of its serialised form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Millimetre.
    #[serde(rename = "mm")]
    Millimetre,
    /// Square millimetre.
    #[serde(rename = "mm2")]
    SquareMillimetre,
    /// Pixel: no spacing is known.
    #[serde(rename = "{pixels}")]
    Pixel,
    /// Square pixel: no spacing is known.
    #[serde(rename = "{pixels2}")]
    SquarePixel,
}

/// A measured value with its unit and the source of its millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number, not rounded.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// How the spacing is known.
    pub source: SpacingSource,
}

/// Length of the straight line from `a` to `b`: millimetres, or pixels when no spacing is known.
#[must_use]
pub fn length(a: Point, b: Point, spacing: &Spacing) -> Measured {
    let (x, y) = spacing.vector(a, b);
    let unit = if spacing.is_known() {
        Unit::Millimetre
    } else {
        Unit::Pixel
    };
    Measured {
        value: x.hypot(y),
        unit,
        source: spacing.source,
    }
}

/// Angle at `vertex` between the lines to `a` and to `b`, in degrees from 0 to 180.
///
/// `None` when one of the lines has no length. Without spacing, pixels are taken as square.
#[must_use]
pub fn angle_degrees(a: Point, vertex: Point, b: Point, spacing: &Spacing) -> Option<f64> {
    lines_angle_degrees((vertex, a), (vertex, b), spacing)
}

/// Angle between two separate lines, each from its first to its second point, 0 to 180 degrees.
///
/// `None` when one of the lines has no length.
#[must_use]
pub fn lines_angle_degrees(first: (Point, Point), second: (Point, Point), spacing: &Spacing) -> Option<f64> {
    let (ax, ay) = spacing.vector(first.0, first.1);
    let (bx, by) = spacing.vector(second.0, second.1);
    if ax.hypot(ay) == 0.0 || bx.hypot(by) == 0.0 {
        return None;
    }
    // atan2 of cross and dot keeps its precision near 0 and 180, where acos loses it.
    Some((ax * by - ay * bx).abs().atan2(ax * bx + ay * by).to_degrees())
}

/// Area of a simple closed polygon (the last point joins the first).
///
/// Fewer than three points have no area. Parts of a polygon that crosses itself may cancel.
#[must_use]
pub fn area(polygon: &[Point], spacing: &Spacing) -> Measured {
    let unit = if spacing.is_known() {
        Unit::SquareMillimetre
    } else {
        Unit::SquarePixel
    };
    let origin = polygon.first().copied().unwrap_or(Point { x: 0.0, y: 0.0 });
    let next = polygon.iter().skip(1).chain(polygon.first());
    let twice: f64 = polygon
        .iter()
        .zip(next)
        .map(|(&a, &b)| {
            // From the first point, not from (0, 0): small areas far from the corner stay exact.
            let (ax, ay) = spacing.vector(origin, a);
            let (bx, by) = spacing.vector(origin, b);
            ax * by - bx * ay
        })
        .sum();
    Measured {
        value: twice.abs() / 2.0,
        unit,
        source: spacing.source,
    }
}

/// A point in the patient: millimetres, +x left, +y posterior, +z head (PS3.3 C.7.6.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PatientPoint {
    /// Towards the patient's left.
    pub x_mm: f64,
    /// Towards the back.
    pub y_mm: f64,
    /// Towards the head.
    pub z_mm: f64,
}

/// The plane of an image in the patient.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    /// Image Position (Patient): centre of the first pixel.
    pub position: [f64; 3],
    /// First three of Image Orientation (Patient): direction of a row, towards higher columns.
    pub row: [f64; 3],
    /// Last three: direction of a column, towards higher rows.
    pub column: [f64; 3],
}

impl Plane {
    /// The plane of a position and the six direction cosines.
    #[must_use]
    pub fn new(position: [f64; 3], orientation: [f64; 6]) -> Self {
        let [a, b, c, d, e, f] = orientation;
        Self {
            position,
            row: [a, b, c],
            column: [d, e, f],
        }
    }

    /// Unit vector at right angles to the plane (row x column). Zero for a broken orientation.
    #[must_use]
    pub fn normal(&self) -> [f64; 3] {
        let [a, b, c] = self.row;
        let [d, e, f] = self.column;
        let normal = [b * f - c * e, c * d - a * f, a * e - b * d];
        let length = dot(normal, normal).sqrt();
        if length > 0.0 {
            normal.map(|part| part / length)
        } else {
            [0.0; 3]
        }
    }

    /// Where an image point lies in the patient.
    #[must_use]
    pub fn patient(&self, point: Point, spacing: &Spacing) -> PatientPoint {
        let along_row = (point.x - 0.5) * spacing.column_mm;
        let along_column = (point.y - 0.5) * spacing.row_mm;
        let [px, py, pz] = self.position;
        let [rx, ry, rz] = self.row;
        let [cx, cy, cz] = self.column;
        PatientPoint {
            x_mm: px + rx * along_row + cx * along_column,
            y_mm: py + ry * along_row + cy * along_column,
            z_mm: pz + rz * along_row + cz * along_column,
        }
    }

    /// The image point nearest to a point of the patient, and its signed distance from the plane in mm.
    #[must_use]
    pub fn image(&self, at: PatientPoint, spacing: &Spacing) -> (Point, f64) {
        let [px, py, pz] = self.position;
        let offset = [at.x_mm - px, at.y_mm - py, at.z_mm - pz];
        let point = Point {
            x: dot(offset, self.row) / spacing.column_mm + 0.5,
            y: dot(offset, self.column) / spacing.row_mm + 0.5,
        };
        (point, dot(offset, self.normal()))
    }
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests;
