//! HL7 FHIR R4 (4.0.1) bundles in JSON and XML: read into the request form of a consultation or into rows of
//! data.
//!
//! The reader is tolerant where the standard lets senders choose (references, narrative, codings)
//! and strict where a mistake would mix up people: exactly one patient, whose identity elements must
//! be present and right. Resources that name another subject are left out.

use std::collections::BTreeMap;

use consilium_domain::Timestamp;
use consilium_protocol::{
    FieldError, codes,
    consultation::{FhirImport, ResourceCount},
    limits,
};
use serde_json::Value;

mod clinical;
mod document;
mod element;
mod laboratory;
mod narrative;
mod patient;
mod records;
mod treatment;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use crate::xml::XmlError;
pub use document::{Bundle, PackageDocument, SignedOpinion, document};
use element::{Resource, text};
pub use records::{RecordImport, records};

/// Most entries of one bundle; a longer one is refused before anything of it is read.
pub const ENTRIES_MAX: usize = 20_000;

/// Bundle types of R4 (value set `bundle-type`).
const BUNDLE_TYPES: [&str; 9] = [
    "document",
    "message",
    "transaction",
    "transaction-response",
    "batch",
    "batch-response",
    "history",
    "searchset",
    "collection",
];

/// Why a bundle cannot be imported. Holds places and codes only, never a value of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Larger than `limits::FHIR_BODY_BYTES` or more than [`ENTRIES_MAX`] entries.
    #[error("the bundle is too large")]
    TooLarge,
    /// Not JSON; where reading stopped, both from 1.
    #[error("not JSON at line {line}, column {column}")]
    NotJson {
        /// Line.
        line: u64,
        /// Column.
        column: u64,
    },
    /// XML that is broken, dangerous or too large.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// JSON or XML, but no FHIR `Bundle`.
    #[error("not a FHIR bundle")]
    NotBundle,
    /// Elements without which nothing can be imported are missing or wrong; each is named by a
    /// FHIRPath such as `Bundle.entry[0].resource.birthDate`.
    #[error("{} mandatory elements are missing or wrong", .0.len())]
    Incomplete(Vec<FieldError>),
}

impl ImportError {
    /// Stable code for the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::Xml(XmlError::TooLarge) => codes::TOO_LARGE,
            Self::NotJson { .. } | Self::Xml(XmlError::Malformed { .. }) => codes::MALFORMED,
            Self::Xml(XmlError::Forbidden) => codes::XML_FORBIDDEN,
            Self::Xml(XmlError::TooDeep) => codes::XML_TOO_DEEP,
            Self::NotBundle => codes::FHIR_NOT_BUNDLE,
            Self::Incomplete(_) => codes::FHIR_INCOMPLETE,
        }
    }

    /// What is missing or wrong, element by element.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        match self {
            Self::Incomplete(errors) => errors,
            Self::TooLarge | Self::NotJson { .. } | Self::Xml(_) | Self::NotBundle => &[],
        }
    }
}

/// How a bundle is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/fhir+json`
    Json,
    /// `application/fhir+xml`
    Xml,
}

impl Media {
    /// From a `Content-Type`, parameters ignored.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/fhir+json" | "application/json" => Some(Self::Json),
            "application/fhir+xml" | "application/xml" | "text/xml" => Some(Self::Xml),
            _ => None,
        }
    }

    /// The media type of FHIR.
    #[must_use]
    pub const fn fhir(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json",
            Self::Xml => "application/fhir+xml",
        }
    }
}

/// Reads a bundle of one patient. Nothing is stored; what the request form wants and the bundle does
/// not have is listed in `to_complete` by form field (`clinical.need`).
///
/// `now` bounds the birth date. Mandatory: `Bundle.type`, exactly one `Patient` with a name, a
/// gender, an identifier, and a birth date or a resident identity number.
///
/// # Errors
/// [`ImportError`]; identity elements that are present but wrong (a masked name, an identity number
/// with a false check character) count as missing, because a guess would be worse.
pub fn import_bundle(bytes: &[u8], media: Media, now: Timestamp) -> Result<FhirImport, ImportError> {
    let mut errors = Vec::new();
    let bundle = read_bundle(bytes, media, &mut errors)?;
    let resources = resources(&bundle)?;
    let Some(patient) = only_patient(&resources, &mut errors) else {
        return Err(ImportError::Incomplete(errors));
    };
    let input = patient::read(patient, now, &mut errors);
    if !errors.is_empty() {
        return Err(ImportError::Incomplete(errors));
    }

    let own: Vec<&Resource<'_>> = resources.iter().filter(|r| r.is_about(patient)).collect();
    let clinical = clinical::read(&own, &resources);
    let to_complete = to_complete(&input, &clinical);
    let read = own.iter().filter(|r| READ.contains(&r.kind)).map(|r| r.kind);
    Ok(FhirImport {
        patient: input,
        clinical,
        read: counts(read),
        to_complete,
    })
}

fn read_bundle(bytes: &[u8], media: Media, errors: &mut Vec<FieldError>) -> Result<Value, ImportError> {
    if bytes.len() > limits::FHIR_BODY_BYTES {
        return Err(ImportError::TooLarge);
    }
    let bundle: Value = match media {
        Media::Json => serde_json::from_slice(bytes).map_err(|error| ImportError::NotJson {
            line: u64::try_from(error.line()).unwrap_or(u64::MAX),
            column: u64::try_from(error.column()).unwrap_or(u64::MAX),
        })?,
        Media::Xml => wire::read(bytes)?,
    };
    if text(&bundle, "resourceType") != Some("Bundle") {
        return Err(ImportError::NotBundle);
    }
    match text(&bundle, "type") {
        None => errors.push(FieldError::new("Bundle.type", codes::FIELD_REQUIRED)),
        Some(kind) if !BUNDLE_TYPES.contains(&kind) => {
            errors.push(FieldError::new("Bundle.type", codes::FIELD_UNKNOWN));
        }
        Some(_) => {}
    }
    Ok(bundle)
}

/// The patient of the bundle; that there is none, or more than one, is added to `errors`.
fn only_patient<'r, 'a>(
    resources: &'r [Resource<'a>],
    errors: &mut Vec<FieldError>,
) -> Option<&'r Resource<'a>> {
    if resources.is_empty() {
        errors.push(FieldError::new("Bundle.entry", codes::FIELD_REQUIRED));
    }
    let mut patients = resources.iter().filter(|r| r.kind == "Patient");
    let patient = patients.next();
    if patient.is_none() {
        errors.push(FieldError::new(
            "Bundle.entry.resource.ofType(Patient)",
            codes::FIELD_REQUIRED,
        ));
    }
    errors.extend(patients.map(|extra| FieldError::new(extra.path(), codes::INVALID)));
    patient
}

fn resources(bundle: &Value) -> Result<Vec<Resource<'_>>, ImportError> {
    let entries = element::list(bundle, "entry");
    if entries.len() > ENTRIES_MAX {
        return Err(ImportError::TooLarge);
    }
    Ok(entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| Resource::of_entry(index, entry))
        .collect())
}

/// Types this import takes something from.
const READ: [&str; 9] = [
    "AllergyIntolerance",
    "Composition",
    "Condition",
    "Medication",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Patient",
    "Procedure",
];

fn counts<'a>(kinds: impl Iterator<Item = &'a str>) -> Vec<ResourceCount> {
    let mut by_type: BTreeMap<&str, u32> = BTreeMap::new();
    for kind in kinds {
        let count = by_type.entry(kind).or_default();
        *count = count.saturating_add(1);
    }
    by_type
        .into_iter()
        .map(|(resource_type, count)| ResourceCount {
            resource_type: resource_type.to_owned(),
            count,
        })
        .collect()
}

/// The mandatory fields of Table 1 that the form still lacks, as form paths.
fn to_complete(
    patient: &consilium_protocol::consultation::PatientInput,
    clinical: &consilium_protocol::consultation::Clinical,
) -> Vec<String> {
    [
        ("patient.phone", &patient.phone),
        ("patient.ethnicity", &patient.ethnicity),
        ("patient.native_place", &patient.native_place),
        ("patient.record_number", &patient.record_number),
        ("clinical.preliminary_diagnosis", &clinical.preliminary_diagnosis),
        ("clinical.need", &clinical.need),
        ("clinical.chief_complaint", &clinical.chief_complaint),
        ("clinical.present_illness", &clinical.present_illness),
        ("clinical.past_history", &clinical.past_history),
    ]
    .into_iter()
    .filter(|(_, value)| value.is_empty())
    .map(|(field, _)| field.to_owned())
    .collect()
}
