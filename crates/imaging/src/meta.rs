//! The facts of an image that a viewer needs, without anything that names a patient.

use crate::geometry::{Plane, Spacing, dot};
use crate::render::{PixelFormat, VoiFunction, Window};
use serde::{Deserialize, Serialize};

/// How samples become a colour (Photometric Interpretation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Photometric {
    /// MONOCHROME1: least is white.
    Monochrome1,
    /// MONOCHROME2: least is black.
    Monochrome2,
    /// Any colour form; frames are delivered as RGB.
    Colour,
}

/// A window of the file with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedWindow {
    /// Centre and width.
    #[serde(flatten)]
    pub window: Window,
    /// Window Centre & Width Explanation, as written in the file.
    pub explanation: Option<String>,
}

/// One image object. Nothing here identifies a patient; UIDs stay on the server, except the opaque
/// frame of reference that tells which series share coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceMeta {
    /// Modality, for example `CT`.
    pub modality: String,
    /// Rows of a frame.
    pub rows: u32,
    /// Columns of a frame.
    pub columns: u32,
    /// Number of frames, at least 1.
    pub frames: u32,
    /// Samples per pixel, 1 or 3.
    pub samples_per_pixel: u16,
    /// Bits allocated, 8 or 16.
    pub bits_allocated: u16,
    /// Bits stored.
    pub bits_stored: u16,
    /// High bit.
    pub high_bit: u16,
    /// Two's complement.
    pub signed: bool,
    /// Grey or colour.
    pub photometric: Photometric,
    /// Rescale Slope, 1 when absent.
    pub slope: f64,
    /// Rescale Intercept, 0 when absent.
    pub intercept: f64,
    /// Rescale Type, `HU` for CT when absent.
    pub rescale_type: Option<String>,
    /// Windows of the file in their order; may be empty.
    pub windows: Vec<NamedWindow>,
    /// VOI LUT Function.
    pub voi_function: VoiFunction,
    /// Pixel Padding Value as a stored integer.
    pub pixel_padding: Option<i32>,
    /// Spacing and how it is known.
    pub spacing: Spacing,
    /// Image Position (Patient) in mm.
    pub position: Option<[f64; 3]>,
    /// Image Orientation (Patient): row then column direction.
    pub orientation: Option<[f64; 6]>,
    /// Slice Thickness in mm.
    pub slice_thickness_mm: Option<f64>,
    /// Slice Location in mm.
    pub slice_location_mm: Option<f64>,
    /// Instance Number.
    pub instance_number: Option<i32>,
    /// Equal for images in one patient coordinate system; otherwise without meaning.
    pub frame_of_reference: Option<String>,
    /// Laterality (Image Laterality or Laterality): `L`, `R`, `B`, `U`.
    pub laterality: Option<String>,
    /// Name of the transfer syntax the original arrived in.
    pub transfer_syntax: String,
    /// The original is or once was lossy compressed.
    pub lossy: bool,
}

impl InstanceMeta {
    /// The pixel format for [`crate::render::Lut`] and statistics.
    #[must_use]
    pub fn pixel_format(&self) -> PixelFormat {
        PixelFormat {
            bits_stored: self.bits_stored,
            signed: self.signed,
            slope: self.slope,
            intercept: self.intercept,
            monochrome1: self.photometric == Photometric::Monochrome1,
            voi_function: self.voi_function,
        }
    }

    /// The plane in the patient, when position and orientation are known.
    #[must_use]
    pub fn plane(&self) -> Option<Plane> {
        Some(Plane::new(self.position?, self.orientation?))
    }
}

/// One series. The description is the scanner's protocol name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesMeta {
    /// Modality.
    pub modality: String,
    /// Series Number.
    pub series_number: Option<i32>,
    /// Series Description.
    pub description: Option<String>,
    /// Body Part Examined.
    pub body_part: Option<String>,
}

/// Sorts a series for scrolling: along the normal of the first image that has a plane, ascending
/// (axial: feet to head); images without a plane come last; ties by instance number. Stable.
pub fn sort_along_normal<T>(items: &mut [T], meta: impl Fn(&T) -> &InstanceMeta) {
    let normal = items
        .iter()
        .find_map(|item| meta(item).plane())
        .map(|plane| plane.normal());
    let distance = |item: &T| Some(dot(meta(item).position?, normal?));
    items.sort_by(|a, b| {
        let by_plane = match (distance(a), distance(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        let number = |item: &T| meta(item).instance_number.unwrap_or(i32::MAX);
        by_plane.then_with(|| number(a).cmp(&number(b)))
    });
}

/// A plain instance for tests and examples: 16-bit signed CT, 1 mm pixels, no position.
#[cfg(test)]
pub(crate) fn plain_ct(rows: u32, columns: u32) -> InstanceMeta {
    InstanceMeta {
        modality: "CT".to_owned(),
        rows,
        columns,
        frames: 1,
        samples_per_pixel: 1,
        bits_allocated: 16,
        bits_stored: 16,
        high_bit: 15,
        signed: true,
        photometric: Photometric::Monochrome2,
        slope: 1.0,
        intercept: -1024.0,
        rescale_type: Some("HU".to_owned()),
        windows: Vec::new(),
        voi_function: VoiFunction::Linear,
        pixel_padding: None,
        spacing: Spacing::UNKNOWN,
        position: None,
        orientation: None,
        slice_thickness_mm: None,
        slice_location_mm: None,
        instance_number: None,
        frame_of_reference: None,
        laterality: None,
        transfer_syntax: "Explicit VR Little Endian".to_owned(),
        lossy: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(z: Option<f64>, number: i32) -> InstanceMeta {
        InstanceMeta {
            position: z.map(|z| [-100.0, -100.0, z]),
            orientation: z.map(|_| [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            instance_number: Some(number),
            ..plain_ct(4, 4)
        }
    }

    #[test]
    fn slices_go_along_the_normal_then_by_number() {
        let mut series = vec![
            at(Some(10.0), 1),
            at(None, 9),
            at(Some(-5.0), 2),
            at(None, 3),
            at(Some(10.0), 0),
        ];
        sort_along_normal(&mut series, |meta| meta);
        let numbers: Vec<_> = series.iter().map(|meta| meta.instance_number.unwrap()).collect();
        assert_eq!(numbers, [2, 0, 1, 3, 9]);
    }

    #[test]
    fn json_comes_back() {
        let mut meta = at(Some(1.5), 4);
        meta.windows.push(NamedWindow {
            window: Window {
                centre: 40.0,
                width: 80.0,
            },
            explanation: Some("BRAIN".to_owned()),
        });
        let json = serde_json::to_string(&meta).unwrap();
        assert_eq!(serde_json::from_str::<InstanceMeta>(&json).unwrap(), meta);
    }
}
