//! The phantom as CT Image objects.

use super::noise::mix;
use super::{OFFSET_HU, Options, PhantomError, PhantomPatient, SLICE_SPACING_MM};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::mem::InMemElement;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

/// What a UID names.
#[derive(Clone, Copy)]
enum Named {
    Study,
    Series,
    FrameOfReference,
    Image(u32),
}

/// A UID under the UUID root (PS3.5 B.2), derived from the seed: the same for the same options.
fn uid(seed: u64, named: Named) -> String {
    let kind = match named {
        Named::Study => 1,
        Named::Series => 2,
        Named::FrameOfReference => 3,
        Named::Image(at) => 0x1_0000_0000 + u64::from(at),
    };
    let high = mix(mix(seed) ^ kind);
    let low = mix(high ^ kind.rotate_left(17));
    // A UUID of version 8 (RFC 9562): its bits are ours to choose.
    let high = (high & 0xFFFF_FFFF_FFFF_0FFF) | 0x8000;
    let low = (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
    format!("2.25.{}", (u128::from(high) << 64) | u128::from(low))
}

fn text(tag: Tag, vr: VR, value: &str) -> InMemElement {
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

fn number(tag: Tag, value: u16) -> InMemElement {
    DataElement::new(tag, VR::US, PrimitiveValue::from(value))
}

/// Writes slice `at` with its stored words.
pub(super) fn object(
    options: &Options,
    patient: &PhantomPatient<'_>,
    at: u32,
    words: Vec<u8>,
) -> Result<Vec<u8>, PhantomError> {
    let mut object = InMemDicomObject::from_element_iter(identity(options, patient, at));
    for element in acquisition(options, at).into_iter().chain(image(options)?) {
        object.put(element);
    }
    object.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OW,
        PrimitiveValue::U8(words.into()),
    ));
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let file = object
        .with_meta(meta)
        .map_err(|error| PhantomError::Write(error.into()))?;
    let mut bytes = Vec::new();
    file.write_all(&mut bytes)
        .map_err(|error| PhantomError::Write(error.into()))?;
    Ok(bytes)
}

fn identity(options: &Options, patient: &PhantomPatient<'_>, at: u32) -> Vec<InMemElement> {
    let seed = options.seed;
    let mut elements = vec![
        text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
        text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL"),
        text(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE),
        text(tags::SOP_INSTANCE_UID, VR::UI, &uid(seed, Named::Image(at))),
        text(tags::STUDY_DATE, VR::DA, &options.date),
        text(tags::SERIES_DATE, VR::DA, &options.date),
        text(tags::CONTENT_DATE, VR::DA, &options.date),
        text(tags::STUDY_TIME, VR::TM, &options.time),
        text(tags::SERIES_TIME, VR::TM, &options.time),
        text(tags::CONTENT_TIME, VR::TM, &options.time),
        text(tags::ACCESSION_NUMBER, VR::SH, ""),
        text(tags::MODALITY, VR::CS, "CT"),
        text(tags::MANUFACTURER, VR::LO, "Consilium phantom"),
        text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, ""),
        text(tags::STUDY_DESCRIPTION, VR::LO, &options.study_description),
        text(tags::SERIES_DESCRIPTION, VR::LO, &options.series_description),
        text(tags::PATIENT_NAME, VR::PN, patient.name),
        text(tags::PATIENT_ID, VR::LO, patient.id),
        text(tags::PATIENT_BIRTH_DATE, VR::DA, patient.birth_date),
        text(tags::PATIENT_SEX, VR::CS, patient.sex),
        text(tags::STUDY_INSTANCE_UID, VR::UI, &uid(seed, Named::Study)),
        text(tags::SERIES_INSTANCE_UID, VR::UI, &uid(seed, Named::Series)),
        text(tags::STUDY_ID, VR::SH, "1"),
    ];
    if !patient.issuer.is_empty() {
        elements.push(text(tags::ISSUER_OF_PATIENT_ID, VR::LO, patient.issuer));
    }
    elements
}

fn acquisition(options: &Options, at: u32) -> Vec<InMemElement> {
    let z = options.slice_z_mm(at);
    let first_centre = options.spacing_mm() * (1.0 - f64::from(options.size)) / 2.0;
    vec![
        text(tags::BODY_PART_EXAMINED, VR::CS, "HEAD"),
        text(tags::SLICE_THICKNESS, VR::DS, &format!("{SLICE_SPACING_MM:.1}")),
        text(tags::KVP, VR::DS, "120"),
        text(
            tags::SPACING_BETWEEN_SLICES,
            VR::DS,
            &format!("{SLICE_SPACING_MM:.1}"),
        ),
        text(tags::CONVOLUTION_KERNEL, VR::SH, "COMPUTED"),
        text(tags::PATIENT_POSITION, VR::CS, "HFS"),
        text(tags::SERIES_NUMBER, VR::IS, "2"),
        text(tags::ACQUISITION_NUMBER, VR::IS, "1"),
        text(tags::INSTANCE_NUMBER, VR::IS, &(at + 1).to_string()),
        text(
            tags::IMAGE_POSITION_PATIENT,
            VR::DS,
            &format!("{first_centre:.6}\\{first_centre:.6}\\{z:.1}"),
        ),
        text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0"),
        text(
            tags::FRAME_OF_REFERENCE_UID,
            VR::UI,
            &uid(options.seed, Named::FrameOfReference),
        ),
        text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, ""),
        text(tags::SLICE_LOCATION, VR::DS, &format!("{z:.1}")),
    ]
}

fn image(options: &Options) -> Result<Vec<InMemElement>, PhantomError> {
    let size = u16::try_from(options.size).map_err(|_| PhantomError::Options)?;
    let spacing = options.spacing_mm();
    Ok(vec![
        number(tags::SAMPLES_PER_PIXEL, 1),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        number(tags::ROWS, size),
        number(tags::COLUMNS, size),
        text(
            tags::PIXEL_SPACING,
            VR::DS,
            &format!("{spacing:.6}\\{spacing:.6}"),
        ),
        number(tags::BITS_ALLOCATED, 16),
        number(tags::BITS_STORED, 16),
        number(tags::HIGH_BIT, 15),
        number(tags::PIXEL_REPRESENTATION, 1),
        text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO"),
        text(tags::WINDOW_CENTER, VR::DS, "40\\480"),
        text(tags::WINDOW_WIDTH, VR::DS, "80\\2500"),
        text(tags::WINDOW_CENTER_WIDTH_EXPLANATION, VR::LO, "BRAIN\\BONE"),
        text(tags::RESCALE_INTERCEPT, VR::DS, &format!("{:.0}", -OFFSET_HU)),
        text(tags::RESCALE_SLOPE, VR::DS, "1"),
        text(tags::RESCALE_TYPE, VR::LO, "HU"),
    ])
}
