//! JPEG baseline and lossless through `dicom-pixeldata`, after a look at the frame header.

use super::DicomError;
use super::facts::PixelFacts;
use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_pixeldata::PixelDecoder;

/// Decodes one frame: samples in pixel order, little endian, colour already as RGB.
pub(super) fn decode(encoded: Vec<u8>, facts: &PixelFacts, lossy: bool) -> Result<Vec<u8>, DicomError> {
    let header = frame_header(&encoded)?;
    // The decoder allocates what the JPEG claims: it must be what the data set says.
    if (header.rows, header.columns, header.components) != (facts.rows, facts.columns, facts.samples) {
        return Err(DicomError::Corrupt("JPEG size differs from the data set"));
    }
    let sixteen = header.precision > 8;
    if sixteen != (facts.bits_allocated == 16) || (header.precision > 8 && !header.lossless) {
        return Err(DicomError::UnsupportedPixelFormat(format!(
            "JPEG of {} bits",
            header.precision
        )));
    }
    let number = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let object = InMemDicomObject::from_element_iter([
        number(tags::SAMPLES_PER_PIXEL, facts.samples),
        DataElement::new(
            tags::PHOTOMETRIC_INTERPRETATION,
            VR::CS,
            PrimitiveValue::from(facts.photometric.as_str()),
        ),
        DataElement::new(tags::NUMBER_OF_FRAMES, VR::IS, PrimitiveValue::from("1")),
        number(tags::ROWS, facts.rows),
        number(tags::COLUMNS, facts.columns),
        number(tags::BITS_ALLOCATED, facts.bits_allocated),
        number(tags::BITS_STORED, facts.bits_stored),
        number(tags::HIGH_BIT, facts.high_bit),
        number(tags::PIXEL_REPRESENTATION, u16::from(facts.signed)),
        DataElement::new(
            tags::PIXEL_DATA,
            VR::OB,
            PixelFragmentSequence::new_fragments(vec![encoded]),
        ),
    ]);
    let syntax_uid = if lossy {
        uids::JPEG_BASELINE8_BIT
    } else {
        uids::JPEG_LOSSLESS_SV1
    };
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax_uid)
        .media_storage_sop_class_uid(uids::SECONDARY_CAPTURE_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("2.25.1")
        .build()
        .map_err(|_| DicomError::Corrupt("meta information"))?;
    let object = object.with_exact_meta(meta);
    let decoded = object
        .decode_pixel_data_frame(0)
        .map_err(|_| DicomError::Corrupt("JPEG data"))?;
    Ok(decoded.into_data())
}

struct FrameHeader {
    precision: u8,
    rows: u16,
    columns: u16,
    components: u16,
    lossless: bool,
}

/// The first SOF marker (ITU-T T.81 B.2.2).
fn frame_header(jpeg: &[u8]) -> Result<FrameHeader, DicomError> {
    let bad = DicomError::Corrupt("JPEG frame header");
    let mut rest = jpeg.strip_prefix(&[0xFF, 0xD8]).ok_or(bad.clone())?;
    loop {
        match rest {
            [0xFF, 0xFF, ..] => rest = rest.get(1..).unwrap_or_default(),
            [0xFF, 0xDA, ..] => return Err(bad),
            [0xFF, marker, high, low, segment @ ..] => {
                if matches!(marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF) {
                    let [precision, r1, r0, c1, c0, components, ..] = segment else {
                        return Err(bad);
                    };
                    return Ok(FrameHeader {
                        precision: *precision,
                        rows: u16::from_be_bytes([*r1, *r0]),
                        columns: u16::from_be_bytes([*c1, *c0]),
                        components: u16::from(*components),
                        lossless: *marker == 0xC3,
                    });
                }
                let length = usize::from(u16::from_be_bytes([*high, *low]))
                    .checked_sub(2)
                    .ok_or(bad.clone())?;
                rest = segment.get(length..).ok_or(DicomError::Truncated)?;
            }
            [_, _, _, _, ..] => return Err(bad),
            _ => return Err(DicomError::Truncated),
        }
    }
}
