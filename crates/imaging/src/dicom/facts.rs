//! The attributes of an image object as checked values.

use super::part10::{Coding, Opened};
use super::patient::SourcePatient;
use super::{DicomError, MAX_FRAME_PIXELS, MAX_FRAMES, text};
use crate::geometry::{Spacing, SpacingFacts};
use crate::meta::{InstanceMeta, NamedWindow, Photometric, SeriesMeta};
use crate::render::{VoiFunction, Window};
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

/// Modalities whose images are projections: a length is true at one depth only.
const PROJECTIONS: [&str; 8] = ["CR", "DX", "MG", "XA", "RF", "RG", "IO", "PX"];

/// What decoding needs, within the limits.
pub(super) struct PixelFacts {
    pub(super) rows: u16,
    pub(super) columns: u16,
    pub(super) frames: u32,
    pub(super) samples: u16,
    pub(super) bits_allocated: u16,
    pub(super) bits_stored: u16,
    pub(super) high_bit: u16,
    pub(super) signed: bool,
    /// Colour by plane (Planar Configuration 1).
    pub(super) planar: bool,
    pub(super) photometric: String,
}

impl PixelFacts {
    pub(super) fn frame_pixels(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    pub(super) fn is_ybr_422(&self) -> bool {
        matches!(self.photometric.as_str(), "YBR_FULL_422" | "YBR_PARTIAL_422")
    }

    /// Bytes of one frame without compression.
    pub(super) fn native_frame_bytes(&self) -> usize {
        let samples = if self.is_ybr_422() {
            2
        } else {
            usize::from(self.samples)
        };
        self.frame_pixels() * samples * usize::from(self.bits_allocated / 8)
    }
}

pub(super) struct Header<'a> {
    pub(super) object: InMemDicomObject,
    pub(super) opened: &'a Opened<'a>,
    character_sets: Vec<String>,
}

impl<'a> Header<'a> {
    pub(super) fn read(opened: &'a Opened<'a>) -> Result<Self, DicomError> {
        let bytes = opened
            .data
            .get(..opened.scan.header_end)
            .ok_or(DicomError::Truncated)?;
        let syntax = TransferSyntaxRegistry
            .get(opened.syntax_uid)
            .ok_or(DicomError::Corrupt("transfer syntax"))?;
        let object = InMemDicomObject::read_dataset_with_ts(bytes, syntax)
            .map_err(|_| DicomError::Corrupt("data set"))?;
        let mut header = Self {
            object,
            opened,
            character_sets: Vec::new(),
        };
        let sets = header
            .raw(tags::SPECIFIC_CHARACTER_SET)
            .map(|raw| String::from_utf8_lossy(raw).into_owned());
        header.character_sets = sets
            .unwrap_or_default()
            .split('\\')
            .map(|set| set.trim_matches(['\0', ' ']).to_owned())
            .collect();
        Ok(header)
    }

    pub(super) fn raw(&self, tag: Tag) -> Option<&'a [u8]> {
        self.opened.data.get(self.opened.scan.values.get(&tag)?.clone())
    }

    /// Text in the object's character set; `None` when absent or empty.
    fn text(&self, tag: Tag) -> Option<String> {
        let text = text::decode(self.raw(tag)?, &self.character_sets);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A top-level element, or the same in the shared or first functional group of `group`.
    fn find(&self, group: Tag, tag: Tag) -> Option<&InMemElement> {
        self.object.get(tag).or_else(|| {
            [
                tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
                tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
            ]
            .into_iter()
            .find_map(|groups| {
                self.object
                    .get(groups)?
                    .items()?
                    .first()?
                    .get(group)?
                    .items()?
                    .first()?
                    .get(tag)
            })
        })
    }

    fn int(&self, tag: Tag) -> Option<i64> {
        self.object.get(tag)?.to_int::<i64>().ok()
    }

    fn unsigned(&self, tag: Tag) -> Option<u16> {
        u16::try_from(self.int(tag)?).ok()
    }

    pub(super) fn code(&self, tag: Tag) -> Option<String> {
        let text = self
            .object
            .get(tag)?
            .to_str()
            .ok()?
            .trim_matches(['\0', ' '])
            .to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn floats(&self, group: Tag, tag: Tag) -> Vec<f64> {
        let values = self
            .find(group, tag)
            .and_then(|element| element.to_multi_float64().ok());
        values
            .filter(|values| values.iter().all(|value| value.is_finite()))
            .unwrap_or_default()
    }

    fn float(&self, group: Tag, tag: Tag) -> Option<f64> {
        self.floats(group, tag).first().copied()
    }

    pub(super) fn uid(&self, tag: Tag) -> Result<String, DicomError> {
        self.code(tag)
            .filter(|uid| uid.len() <= 64 && uid.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()))
            .ok_or(DicomError::Corrupt("identifier of the object"))
    }

    fn modality(&self) -> String {
        self.code(tags::MODALITY)
            .filter(|code| code.len() <= 16)
            .unwrap_or_else(|| "OT".to_owned())
    }

    pub(super) fn pixels(&self) -> Result<PixelFacts, DicomError> {
        let required = |tag| self.unsigned(tag).ok_or(DicomError::Corrupt("image attributes"));
        let (rows, columns) = (required(tags::ROWS)?, required(tags::COLUMNS)?);
        let frames = match self.object.get(tags::NUMBER_OF_FRAMES) {
            Some(_) => self.int(tags::NUMBER_OF_FRAMES).unwrap_or(1),
            None => 1,
        };
        let frames = u32::try_from(frames)
            .map_err(|_| DicomError::Corrupt("number of frames"))?
            .max(1);
        if rows == 0 || columns == 0 {
            return Err(DicomError::Corrupt("image size"));
        }
        if u64::from(rows) * u64::from(columns) > MAX_FRAME_PIXELS || frames > MAX_FRAMES {
            return Err(DicomError::TooLarge);
        }
        let bits_allocated = required(tags::BITS_ALLOCATED)?;
        let bits_stored = self.unsigned(tags::BITS_STORED).unwrap_or(bits_allocated);
        let facts = PixelFacts {
            rows,
            columns,
            frames,
            samples: self.unsigned(tags::SAMPLES_PER_PIXEL).unwrap_or(1),
            bits_allocated,
            bits_stored,
            high_bit: self
                .unsigned(tags::HIGH_BIT)
                .unwrap_or_else(|| bits_stored.saturating_sub(1)),
            signed: self.unsigned(tags::PIXEL_REPRESENTATION) == Some(1),
            planar: self.unsigned(tags::PLANAR_CONFIGURATION) == Some(1),
            photometric: self
                .code(tags::PHOTOMETRIC_INTERPRETATION)
                .ok_or(DicomError::Corrupt("image attributes"))?,
        };
        self.check_format(&facts)?;
        Ok(facts)
    }

    fn check_format(&self, facts: &PixelFacts) -> Result<(), DicomError> {
        let unsupported = |what: String| Err(DicomError::UnsupportedPixelFormat(what));
        if !matches!(facts.bits_allocated, 8 | 16) {
            return unsupported(format!("{} bits allocated", facts.bits_allocated));
        }
        let (stored, high) = (facts.bits_stored, facts.high_bit);
        if stored == 0 || stored > facts.bits_allocated || high >= facts.bits_allocated || high + 1 < stored {
            return Err(DicomError::Corrupt("bits stored"));
        }
        match (facts.samples, facts.photometric.as_str()) {
            (1, "MONOCHROME1" | "MONOCHROME2" | "PALETTE COLOR") => {}
            (3, "RGB" | "YBR_FULL" | "YBR_FULL_422") if facts.bits_allocated == 8 => {}
            (samples, photometric) => {
                let shown: String = photometric
                    .chars()
                    .filter(char::is_ascii_graphic)
                    .take(16)
                    .collect();
                return unsupported(format!(
                    "{shown}, {samples} samples of {} bits",
                    facts.bits_allocated
                ));
            }
        }
        if facts.is_ybr_422() && facts.columns % 2 == 1 {
            return Err(DicomError::Corrupt("YBR_FULL_422 with an odd width"));
        }
        if self.object.get(tags::MODALITY_LUT_SEQUENCE).is_some() {
            // Without the table the values would be shown wrong.
            return unsupported("modality LUT sequence".to_owned());
        }
        Ok(())
    }

    pub(super) fn instance(&self) -> Result<InstanceMeta, DicomError> {
        let facts = self.pixels()?;
        let modality = self.modality();
        let photometric = match facts.photometric.as_str() {
            "MONOCHROME1" => Photometric::Monochrome1,
            "MONOCHROME2" => Photometric::Monochrome2,
            _ => Photometric::Colour,
        };
        if photometric == Photometric::Colour && facts.samples == 1 {
            self.palette()?;
        }
        let transformation = tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE;
        let slope = self
            .float(transformation, tags::RESCALE_SLOPE)
            .filter(|&slope| slope != 0.0)
            .unwrap_or(1.0);
        let rescale_type = self
            .find(transformation, tags::RESCALE_TYPE)
            .and_then(|element| element.to_str().ok());
        let rescale_type = rescale_type
            .map(|kind| kind.trim().to_owned())
            .filter(|kind| !kind.is_empty());
        let was_lossy = self.code(tags::LOSSY_IMAGE_COMPRESSION).as_deref() == Some("01");
        Ok(InstanceMeta {
            rows: facts.rows.into(),
            columns: facts.columns.into(),
            frames: facts.frames,
            samples_per_pixel: facts.samples,
            bits_allocated: facts.bits_allocated,
            bits_stored: facts.bits_stored,
            high_bit: facts.high_bit,
            signed: facts.signed,
            photometric,
            slope,
            intercept: self.float(transformation, tags::RESCALE_INTERCEPT).unwrap_or(0.0),
            rescale_type: rescale_type.or_else(|| (modality == "CT").then(|| "HU".to_owned())),
            windows: self.windows(),
            voi_function: match self.code(tags::VOILUT_FUNCTION).as_deref() {
                Some("LINEAR_EXACT") => VoiFunction::LinearExact,
                Some("SIGMOID") => VoiFunction::Sigmoid,
                _ => VoiFunction::Linear,
            },
            pixel_padding: self.pixel_padding(facts.signed),
            spacing: self.spacing(&modality),
            position: self
                .floats(tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT)
                .try_into()
                .ok(),
            orientation: self
                .floats(tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT)
                .try_into()
                .ok(),
            slice_thickness_mm: self.float(tags::PIXEL_MEASURES_SEQUENCE, tags::SLICE_THICKNESS),
            slice_location_mm: self.float(tags::PIXEL_MEASURES_SEQUENCE, tags::SLICE_LOCATION),
            instance_number: self
                .int(tags::INSTANCE_NUMBER)
                .and_then(|number| i32::try_from(number).ok()),
            frame_of_reference: self.uid(tags::FRAME_OF_REFERENCE_UID).ok(),
            laterality: self
                .code(tags::IMAGE_LATERALITY)
                .or_else(|| self.code(tags::LATERALITY)),
            transfer_syntax: self.opened.syntax_name.to_owned(),
            lossy: was_lossy || self.opened.coding == (Coding::Jpeg { lossy: true }),
            modality,
        })
    }

    fn windows(&self) -> Vec<NamedWindow> {
        let group = tags::FRAME_VOILUT_SEQUENCE;
        let centres = self.floats(group, tags::WINDOW_CENTER);
        let widths = self.floats(group, tags::WINDOW_WIDTH);
        let names = self
            .text(tags::WINDOW_CENTER_WIDTH_EXPLANATION)
            .unwrap_or_default();
        let mut names = names.split('\\').map(|name| name.trim().to_owned());
        let pairs = centres.into_iter().zip(widths);
        pairs
            .map(|(centre, width)| NamedWindow {
                window: Window { centre, width },
                explanation: names.next().filter(|name| !name.is_empty()),
            })
            .filter(|named| named.window.width > 0.0)
            .collect()
    }

    /// The value may be stored as US or SS whatever the pixels are.
    fn pixel_padding(&self, signed: bool) -> Option<i32> {
        let value = i32::try_from(self.int(tags::PIXEL_PADDING_VALUE)?).ok()?;
        match (signed, value) {
            (true, 0x8000..=0xFFFF) => Some(value - 0x1_0000),
            (false, -0x8000..=-1) => Some(value + 0x1_0000),
            _ => Some(value),
        }
    }

    fn spacing(&self, modality: &str) -> Spacing {
        let pair = |tag| match self.floats(tags::PIXEL_MEASURES_SEQUENCE, tag).as_slice() {
            &[row, column] => Some((row, column)),
            _ => None,
        };
        Spacing::choose(&SpacingFacts {
            pixel_spacing: pair(tags::PIXEL_SPACING),
            calibration_type: self.code(tags::PIXEL_SPACING_CALIBRATION_TYPE).as_deref(),
            imager_pixel_spacing: pair(tags::IMAGER_PIXEL_SPACING),
            magnification: self.float(
                tags::PIXEL_MEASURES_SEQUENCE,
                tags::ESTIMATED_RADIOGRAPHIC_MAGNIFICATION_FACTOR,
            ),
            projection: PROJECTIONS.contains(&modality),
        })
    }

    pub(super) fn series(&self) -> SeriesMeta {
        SeriesMeta {
            modality: self.modality(),
            series_number: self
                .int(tags::SERIES_NUMBER)
                .and_then(|number| i32::try_from(number).ok()),
            description: self.text(tags::SERIES_DESCRIPTION),
            body_part: self.code(tags::BODY_PART_EXAMINED),
        }
    }

    pub(super) fn patient(&self) -> SourcePatient {
        let text = |tag| self.text(tag).unwrap_or_default();
        SourcePatient {
            id: text(tags::PATIENT_ID),
            issuer: text(tags::ISSUER_OF_PATIENT_ID),
            name: text(tags::PATIENT_NAME),
            birth_date: text(tags::PATIENT_BIRTH_DATE),
            sex: text(tags::PATIENT_SEX),
        }
    }
}
