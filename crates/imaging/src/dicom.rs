//! DICOM Part 10 objects: facts and frames out of untrusted bytes.
//!
//! Invariant: whatever the bytes, the functions here return `Ok` or [`DicomError`]; they do not
//! panic, recurse without bound or allocate more than the limits below allow. The structure is
//! first walked without recursion (`scan`), only then given to the parser; decoding runs inside
//! `catch_unwind` besides.

mod colour;
mod error;
mod facts;
mod frame;
mod jpeg;
mod palette;
mod part10;
mod patient;
mod preview;
mod rle;
mod scan;
mod text;

pub use error::DicomError;
pub use frame::{ColourFrame, FrameData};
pub use patient::SourcePatient;
pub use preview::preview_png;

use crate::meta::{InstanceMeta, SeriesMeta};

/// Largest object taken, in bytes (also after inflating a deflated data set).
pub const MAX_OBJECT_BYTES: usize = 1 << 30;
/// Most pixels in one frame (8192 x 8192).
pub const MAX_FRAME_PIXELS: u64 = 1 << 26;
/// Most frames in one object.
pub const MAX_FRAMES: u32 = 1 << 16;

/// An image object as received: who it is about and what it holds, without pixels.
#[derive(Debug)]
pub struct ParsedInstance {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// The series.
    pub series: SeriesMeta,
    /// The image.
    pub meta: InstanceMeta,
    /// The patient as the sending system names them.
    pub patient: SourcePatient,
}

/// Reads the facts of one DICOM Part 10 object and checks that its pixel data are complete and of a
/// kind that [`frame`] decodes. Compressed frames are not decoded here.
///
/// # Errors
/// [`DicomError`], one variant for each kind of reason.
pub fn parse(bytes: &[u8]) -> Result<ParsedInstance, DicomError> {
    guarded(|| {
        let opened = part10::open(bytes)?;
        let header = facts::Header::read(&opened)?;
        let meta = header.instance()?;
        frame::check_complete(&opened, &header.pixels()?)?;
        Ok(ParsedInstance {
            sop_class_uid: header.uid(dicom_dictionary_std::tags::SOP_CLASS_UID)?,
            sop_instance_uid: header.uid(dicom_dictionary_std::tags::SOP_INSTANCE_UID)?,
            study_uid: header.uid(dicom_dictionary_std::tags::STUDY_INSTANCE_UID)?,
            series_uid: header.uid(dicom_dictionary_std::tags::SERIES_INSTANCE_UID)?,
            series: header.series(),
            patient: header.patient(),
            meta,
        })
    })
}

/// Decodes frame `index` (from 0): stored integers for grey images, RGB for colour.
///
/// # Errors
/// [`DicomError`]; [`DicomError::NoSuchFrame`] when `index` is not below the number of frames.
pub fn frame(bytes: &[u8], index: u32) -> Result<FrameData, DicomError> {
    guarded(|| {
        let opened = part10::open(bytes)?;
        let header = facts::Header::read(&opened)?;
        frame::decode(&opened, &header, index)
    })
}

/// The decoders are other people's code: a panic in one of them becomes an error here.
fn guarded<T>(work: impl FnOnce() -> Result<T, DicomError>) -> Result<T, DicomError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or(Err(DicomError::Corrupt("the decoder gave up")))
}
