//! Why an object was not taken.

use thiserror::Error;

/// The reason, one variant a kind. Messages hold no patient data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DicomError {
    /// No DICOM Part 10 file: the prefix `DICM` is missing.
    #[error("not a DICOM file")]
    NotDicom,
    /// The data set is cut, or the pixel data are shorter than the image needs.
    #[error("the file is cut short")]
    Truncated,
    /// A DICOM object without an image (report, structure set, ...).
    #[error("the object holds no image")]
    NoPixelData,
    /// A compression that is not decoded here; the name of the transfer syntax.
    #[error("transfer syntax not supported: {0}")]
    UnsupportedTransferSyntax(String),
    /// Pixels of a form that is not decoded here; what it is.
    #[error("pixel format not supported: {0}")]
    UnsupportedPixelFormat(String),
    /// Above a limit of this module.
    #[error("the image is larger than the limits")]
    TooLarge,
    /// The frame asked for does not exist.
    #[error("no such frame")]
    NoSuchFrame,
    /// The object contradicts itself or the standard; where.
    #[error("the file is damaged: {0}")]
    Corrupt(&'static str),
}

impl DicomError {
    /// A stable code for logs, tables and translation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotDicom => "not-dicom",
            Self::Truncated => "truncated",
            Self::NoPixelData => "no-pixel-data",
            Self::UnsupportedTransferSyntax(_) => "unsupported-transfer-syntax",
            Self::UnsupportedPixelFormat(_) => "unsupported-pixel-format",
            Self::TooLarge => "too-large",
            Self::NoSuchFrame => "no-such-frame",
            Self::Corrupt(_) => "corrupt",
        }
    }
}
