//! The file around the data set: preamble, prefix, File Meta Information (PS3.10 7.1).

use super::scan::{self, Encoding, Scan};
use super::{DicomError, MAX_OBJECT_BYTES};
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use std::borrow::Cow;
use std::io::Read;

/// How the pixel data are encoded, of those decoded here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Native,
    Rle,
    Jpeg { lossy: bool },
}

/// An object ready to be read.
pub(super) struct Opened<'a> {
    /// The data set after the meta group, inflated where it was deflated.
    pub(super) data: Cow<'a, [u8]>,
    pub(super) encoding: Encoding,
    pub(super) coding: Coding,
    /// UID of the syntax of `data`.
    pub(super) syntax_uid: &'static str,
    /// Name of the syntax the file arrived in.
    pub(super) syntax_name: &'static str,
    pub(super) scan: Scan,
}

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_EXTENDED: &str = "1.2.840.10008.1.2.4.51";
const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.57";
const JPEG_LOSSLESS_SV1: &str = "1.2.840.10008.1.2.4.70";

pub(super) fn open(bytes: &[u8]) -> Result<Opened<'_>, DicomError> {
    if bytes.len() > MAX_OBJECT_BYTES {
        return Err(DicomError::TooLarge);
    }
    if bytes.get(128..132) != Some(b"DICM") {
        return Err(DicomError::NotDicom);
    }
    let meta = scan::meta_group(bytes, 132)?;
    let (encoding, coding, syntax_uid) = match meta.transfer_syntax.as_str() {
        IMPLICIT => (Encoding::IMPLICIT, Coding::Native, IMPLICIT),
        EXPLICIT | DEFLATED => (Encoding::EXPLICIT, Coding::Native, EXPLICIT),
        BIG_ENDIAN => (Encoding::BIG_ENDIAN, Coding::Native, BIG_ENDIAN),
        RLE => (Encoding::EXPLICIT, Coding::Rle, EXPLICIT),
        JPEG_BASELINE | JPEG_EXTENDED => (Encoding::EXPLICIT, Coding::Jpeg { lossy: true }, EXPLICIT),
        JPEG_LOSSLESS | JPEG_LOSSLESS_SV1 => (Encoding::EXPLICIT, Coding::Jpeg { lossy: false }, EXPLICIT),
        other => {
            return Err(DicomError::UnsupportedTransferSyntax(
                name_of(other).unwrap_or("unknown").to_owned(),
            ));
        }
    };
    let rest = bytes.get(meta.end..).ok_or(DicomError::Truncated)?;
    let data = if meta.transfer_syntax == DEFLATED {
        Cow::Owned(inflate(rest)?)
    } else {
        Cow::Borrowed(rest)
    };
    let scan = scan::data_set(&data, encoding)?;
    let syntax_name = name_of(&meta.transfer_syntax).unwrap_or("unknown");
    Ok(Opened {
        data,
        encoding,
        coding,
        syntax_uid,
        syntax_name,
        scan,
    })
}

fn name_of(uid: &str) -> Option<&'static str> {
    TransferSyntaxRegistry
        .get(uid)
        .map(dicom_encoding::TransferSyntax::name)
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, DicomError> {
    let limit = u64::try_from(MAX_OBJECT_BYTES).unwrap_or(u64::MAX);
    let mut data = Vec::new();
    let decoder = flate2::read::DeflateDecoder::new(deflated);
    match decoder.take(limit.saturating_add(1)).read_to_end(&mut data) {
        Ok(_) if data.len() > MAX_OBJECT_BYTES => Err(DicomError::TooLarge),
        Ok(_) => Ok(data),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(DicomError::Truncated),
        Err(_) => Err(DicomError::Corrupt("deflated data set")),
    }
}
