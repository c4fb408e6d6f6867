//! What a sender says of an upload (`Upload-Metadata`), read once.

use std::{collections::BTreeMap, net::IpAddr, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use consilium_domain::{ConsultationId, DataRequestId, UploadId, UploadPurpose, permission::Action};
use consilium_protocol::{FieldError, codes, limits};
use serde::{Deserialize, Serialize};

use crate::{ctx::Ctx, error::ServiceError, services::submissions::Media};

/// Pairs of a key and a text, with the header as it came.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    header: String,
    pairs: BTreeMap<String, String>,
}

impl Metadata {
    /// Reads the header: pairs divided by commas, each a key and, after a space, the base64 of its value.
    ///
    /// # Errors
    /// 400 when it is not of that form, a key comes twice, or it is too long.
    pub fn parse(header: &str) -> Result<Self, ServiceError> {
        let mut pairs = BTreeMap::new();
        if header.len() > limits::UPLOAD_METADATA_BYTES {
            return Err(ServiceError::Malformed);
        }
        for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let value = STANDARD
                .decode(value.trim())
                .ok()
                .and_then(|value| String::from_utf8(value).ok())
                .ok_or(ServiceError::Malformed)?;
            if pairs.insert(key.to_owned(), value).is_some() {
                return Err(ServiceError::Malformed);
            }
        }
        Ok(Self {
            header: header.to_owned(),
            pairs,
        })
    }

    fn text(&self, key: &str) -> &str {
        self.pairs.get(key).map_or("", String::as_str)
    }

    /// A value that may be missing; one that cannot be read is noted.
    fn value<T: FromStr>(&self, key: &str, errors: &mut Vec<FieldError>) -> Option<T> {
        let text = self.text(key);
        let read = text.parse().ok();
        if read.is_none() && !text.is_empty() {
            errors.push(FieldError::new(field(key), codes::FIELD_UNKNOWN));
        }
        read
    }

    /// What it is for and where it belongs.
    ///
    /// # Errors
    /// 422 naming what is missing or wrong.
    pub(super) fn about(&self) -> Result<(ConsultationId, UploadPurpose, Detail), ServiceError> {
        let mut errors = Vec::new();
        let consultation = self.value::<ConsultationId>("consultation", &mut errors);
        let purpose = self.value::<UploadPurpose>("purpose", &mut errors);
        let request = self.value::<DataRequestId>("request", &mut errors);
        let confirm_patient = self.value::<bool>("confirm_patient", &mut errors);
        let confirm_masked = self.value::<bool>("confirm_masked", &mut errors);
        for (key, missing) in [
            ("consultation", consultation.is_none()),
            ("purpose", purpose.is_none()),
        ] {
            if missing && self.text(key).is_empty() {
                errors.push(FieldError::new(field(key), codes::FIELD_REQUIRED));
            }
        }
        let detail = Detail {
            request,
            confirm_patient: confirm_patient.unwrap_or_default(),
            confirm_masked: confirm_masked.unwrap_or_default(),
            ..self.detail()
        };
        if purpose == Some(UploadPurpose::Submission) && Media::of(&detail.media).is_none() {
            errors.push(FieldError::new(field("filetype"), codes::FIELD_UNKNOWN));
        }
        match (consultation, purpose) {
            (Some(consultation), Some(purpose)) if errors.is_empty() => Ok((consultation, purpose, detail)),
            _ => Err(ServiceError::Invalid(errors)),
        }
    }

    /// What is kept of a part.
    pub(super) fn detail(&self) -> Detail {
        Detail {
            file_name: self
                .text("filename")
                .chars()
                .filter(|c| !c.is_control())
                .take(limits::FILE_NAME_CHARS)
                .collect(),
            media: self.text("filetype").to_owned(),
            metadata: self.header.clone(),
            ..Detail::default()
        }
    }
}

fn field(key: &str) -> String {
    format!("Upload-Metadata.{key}")
}

/// What is remembered of an upload while it is under way; sealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Detail {
    pub(super) file_name: String,
    pub(super) media: String,
    /// The header as it came.
    pub(super) metadata: String,
    pub(super) request: Option<DataRequestId>,
    pub(super) confirm_patient: bool,
    #[serde(default)]
    pub(super) confirm_masked: bool,
    /// What it is put together from, with the bytes of each.
    pub(super) parts: Vec<(UploadId, i64)>,
    /// From where it was begun, for acts that the server finishes by itself.
    pub(super) ip: Option<IpAddr>,
    pub(super) device: String,
}

impl Detail {
    pub(super) fn from(self, ctx: &Ctx) -> Self {
        Self {
            ip: Some(ctx.request.ip),
            device: ctx.request.device.clone(),
            ..self
        }
    }
}

/// What the direct route for such content asks for.
pub(super) const fn action(purpose: UploadPurpose) -> Action {
    match purpose {
        UploadPurpose::Dicom | UploadPurpose::Attachment => Action::Upload,
        UploadPurpose::Submission => Action::ReadData,
        UploadPurpose::ConsentForm => Action::Consent,
    }
}

/// The largest content the direct route takes, bytes. A part may become anything.
pub(super) fn length_max(purpose: Option<UploadPurpose>) -> u64 {
    let bytes = match purpose {
        Some(UploadPurpose::Dicom) | None => limits::DICOM_BODY_BYTES,
        Some(UploadPurpose::Submission) => limits::SUBMISSION_BODY_BYTES,
        Some(UploadPurpose::ConsentForm) => limits::CONSENT_FORM_BYTES,
        Some(UploadPurpose::Attachment) => limits::ATTACHMENT_BYTES,
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(pairs: &[(&str, &str)]) -> String {
        let pair = |(key, value): &(&str, &str)| format!("{key} {}", STANDARD.encode(value));
        pairs.iter().map(pair).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let id = "00000000-0000-7000-8000-000000000001";
        let good = [
            ("consultation", id),
            ("purpose", "submission"),
            ("filename", "检验\u{7}.csv"),
            ("filetype", "text/csv; charset=utf-8"),
            ("confirm_patient", "true"),
        ];
        let metadata = Metadata::parse(&header(&good)).unwrap();
        let (consultation, purpose, detail) = metadata.about().unwrap();
        assert_eq!(
            (consultation.to_string().as_str(), purpose),
            (id, UploadPurpose::Submission)
        );
        assert_eq!(
            (detail.file_name.as_str(), detail.confirm_patient),
            ("检验.csv", true)
        );
        for (pairs, wrong) in [
            (
                vec![],
                vec![
                    ("consultation", codes::FIELD_REQUIRED),
                    ("purpose", codes::FIELD_REQUIRED),
                ],
            ),
            (
                vec![("consultation", "7"), ("purpose", "dicom")],
                vec![("consultation", codes::FIELD_UNKNOWN)],
            ),
            (
                vec![("consultation", id), ("purpose", "video"), ("request", "x")],
                vec![
                    ("purpose", codes::FIELD_UNKNOWN),
                    ("request", codes::FIELD_UNKNOWN),
                ],
            ),
            (
                vec![
                    ("consultation", id),
                    ("purpose", "submission"),
                    ("filetype", "text/html"),
                ],
                vec![("filetype", codes::FIELD_UNKNOWN)],
            ),
        ] {
            let Err(ServiceError::Invalid(errors)) = Metadata::parse(&header(&pairs)).unwrap().about() else {
                panic!("{pairs:?}")
            };
            let expected: Vec<_> = wrong
                .into_iter()
                .map(|(key, code)| FieldError::new(field(key), code))
                .collect();
            assert_eq!(errors, expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_header_of_another_form_is_refused() {
        assert!(Metadata::parse("").unwrap().pairs.is_empty());
        assert_eq!(Metadata::parse("empty,other ").unwrap().pairs.len(), 2);
        for wrong in ["a !", "a YQ==,a YQ==", "a /w==", &"x".repeat(5000)] {
            assert!(Metadata::parse(wrong).is_err(), "{wrong}");
        }
    }
}
