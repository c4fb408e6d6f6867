//! Bundles as rows of data elements (Table 1): every result, report, study, drug and operation one row, the
//! patient and the narrative one row each.
//!
//! Values stay as the source wrote them; checking, standardising and masking them is the work of those who take
//! the rows. What no row can be made of is named by place and code, so that nothing is lost unseen.

use std::collections::{BTreeMap, BTreeSet};

use consilium_domain::{
    AbsentReason, RecordKind, Timestamp,
    canonical::{canonical_json, sha256_hex},
    element::{ElementId, ElementValue, Record},
};
use consilium_protocol::{FieldError, codes, consultation::ResourceCount};
use serde_json::Value;

use super::{
    ImportError, Media,
    element::{Resource, has_code, list, text},
};

mod clinical;
mod exam;
mod lab;
mod patient;
mod treatment;

#[cfg(test)]
mod tests;

/// Elements of one row.
type Elements = BTreeMap<ElementId, ElementValue>;

/// Longest key of a row, characters; the longest id of FHIR R4.
const KEY_CHARS: usize = 64;

/// A bundle as rows.
#[derive(Clone, Debug)]
pub struct RecordImport {
    /// The rows: the patient first, then in the order of the bundle.
    pub records: Vec<Record>,
    /// How many resources went into them, by type.
    pub read: Vec<ResourceCount>,
    /// Resources no row was made of: FHIRPath and one of the `fhir.*` codes.
    pub skipped: Vec<FieldError>,
}

/// Reads a bundle of one patient into rows. Nothing is checked but the form of the bundle and that there is
/// exactly one patient in it; a value that is wrong is in its row, for [`consilium_domain::element::check_record`]
/// to find.
///
/// `now` bounds the time at which a row was ready, and stands for it where the source names none.
///
/// # Errors
/// [`ImportError`].
pub fn records(bytes: &[u8], media: Media, now: Timestamp) -> Result<RecordImport, ImportError> {
    let mut errors = Vec::new();
    let bundle = super::read_bundle(bytes, media, &mut errors)?;
    let resources = super::resources(&bundle)?;
    let Some(patient) = super::only_patient(&resources, &mut errors).filter(|_| errors.is_empty()) else {
        return Err(ImportError::Incomplete(errors));
    };
    let sent_at = text(&bundle, "timestamp").and_then(super::element::instant_ms);
    let mut reading = Reading {
        all: &resources,
        patient,
        ready_at: sent_at.map_or(now, Timestamp::from_ms).min(now),
        now,
        out: RecordImport {
            records: Vec::new(),
            read: Vec::new(),
            skipped: Vec::new(),
        },
        used: BTreeSet::new(),
        keys: BTreeSet::new(),
    };
    patient::read(&mut reading);
    clinical::read(&mut reading);
    for resource in &resources {
        reading.resource(resource);
    }
    Ok(reading.finish())
}

/// What is known while reading.
struct Reading<'r, 'a> {
    all: &'r [Resource<'a>],
    patient: &'r Resource<'a>,
    /// When the bundle was made, for rows without a time of their own.
    ready_at: Timestamp,
    now: Timestamp,
    out: RecordImport,
    /// Places of resources that went into a row.
    used: BTreeSet<usize>,
    keys: BTreeSet<String>,
}

impl<'r, 'a> Reading<'r, 'a> {
    fn resource(&mut self, resource: &Resource<'a>) {
        if self.used.contains(&resource.index) {
            return;
        }
        let refused = if !resource.is_about(self.patient) {
            Err(codes::FHIR_OTHER_SUBJECT)
        } else if is_void(resource.body) {
            Err(codes::FHIR_VOID)
        } else {
            match resource.kind {
                "Observation" => lab::read(self, resource),
                "DiagnosticReport" => exam::report(self, resource),
                "ImagingStudy" => exam::study(self, resource),
                "MedicationRequest" | "MedicationStatement" => treatment::medication(self, resource),
                "Procedure" => treatment::operation(self, resource),
                // Read where another resource names them.
                "Medication" | "Organization" | "Practitioner" | "PractitionerRole" | "Specimen" => return,
                _ => Err(codes::FHIR_NOT_USED),
            }
        };
        match refused {
            Ok(()) => self.use_up(resource),
            Err(code) => self.out.skipped.push(FieldError::new(resource.path(), code)),
        }
    }

    fn use_up(&mut self, resource: &Resource<'_>) {
        self.used.insert(resource.index);
    }

    /// Own resources of a type that are not void.
    fn own(&self, kind: &str) -> impl Iterator<Item = &'r Resource<'a>> {
        let patient = self.patient;
        self.all
            .iter()
            .filter(move |r| r.kind == kind && r.is_about(patient) && !is_void(r.body))
    }

    /// The resource a `Reference` means: contained, or in the bundle.
    fn target(&self, from: &'a Value, reference: &'a Value, kind: &str) -> Option<&'a Value> {
        let target = text(reference, "reference")?;
        match target.strip_prefix('#') {
            Some(id) => list(from, "contained").iter().find(|c| text(c, "id") == Some(id)),
            None => self
                .all
                .iter()
                .find(|r| r.kind == kind && r.is_named_by(target))
                .map(|r| r.body),
        }
    }

    /// Adds a row; its key is the id of the resource, or else a digest of the row, so that the same resource
    /// sent again has the same key.
    fn add(
        &mut self,
        kind: RecordKind,
        id: &str,
        elements: Elements,
        times: &[&str],
    ) -> Result<(), &'static str> {
        let id = if id.is_empty() {
            let content = serde_json::to_value(&elements).unwrap_or_default();
            sha256_hex(canonical_json(&content).as_bytes())
                .chars()
                .take(32)
                .collect()
        } else {
            id.to_owned()
        };
        let key: String = format!("{}-{id}", kind.code())
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
            .take(KEY_CHARS)
            .collect();
        if !self.keys.insert(key.clone()) {
            return Err(codes::FHIR_DUPLICATE);
        }
        let ready = times.iter().find_map(|time| super::element::instant_ms(time));
        self.out.records.push(Record {
            kind,
            key,
            elements,
            available_at: ready.map_or(self.ready_at, Timestamp::from_ms).min(self.now),
        });
        Ok(())
    }

    /// The code by which an institution is known, or else its name: from the `Organization` a reference or a
    /// `PractitionerRole` names.
    fn institution(&self, from: &'a Value, performers: &'a [Value]) -> Option<String> {
        let organizations = || {
            performers.iter().filter_map(|reference| {
                let role = self.target(from, reference, "PractitionerRole");
                let of_role =
                    role.and_then(|role| self.target(role, role.get("organization")?, "Organization"));
                of_role.or_else(|| self.target(from, reference, "Organization"))
            })
        };
        let own_code = |value: &'a Value| {
            let values = list(value, "identifier").iter().filter_map(|i| text(i, "value"));
            values.clone().find(|code| {
                consilium_domain::element::uscc_valid(code) || consilium_domain::element::ws218_valid(code)
            })
        };
        // A reference may carry the identifier itself.
        let logical = performers.iter().find_map(own_code);
        logical
            .or_else(|| organizations().find_map(own_code))
            .or_else(|| organizations().find_map(|o| text(o, "name")))
            .or_else(|| performers.iter().find_map(|p| text(p, "display")))
            .map(str::to_owned)
    }

    fn finish(mut self) -> RecordImport {
        let all = self.all;
        let used = |r: &&Resource<'_>| self.used.contains(&r.index);
        self.out.read = super::counts(all.iter().filter(used).map(|r| r.kind));
        self.out.skipped.sort_by_key(|s| place(&s.field));
        self.out
    }
}

/// Index of an entry from its path, for the order of the bundle.
fn place(path: &str) -> usize {
    path.split(['[', ']'])
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(usize::MAX)
}

/// Marked as wrong, called off or not done.
fn is_void(body: &Value) -> bool {
    let unverified = body
        .get("verificationStatus")
        .is_some_and(|status| has_code(status, "refuted") || has_code(status, "entered-in-error"));
    unverified
        || matches!(
            text(body, "status"),
            Some("entered-in-error" | "cancelled" | "draft" | "not-done" | "not-taken")
        )
}

/// Puts a text in, unless there is none.
fn put(elements: &mut Elements, id: ElementId, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        let value = ElementValue::new(value);
        if value.text().is_some() {
            elements.insert(id, value);
        }
    }
}

/// `dataAbsentReason` of R4 in our spelling.
fn absent_reason(code: &str) -> AbsentReason {
    match code {
        "not-asked" => AbsentReason::NotAsked,
        "asked-unknown" => AbsentReason::AskedUnknown,
        "asked-declined" => AbsentReason::Refused,
        "not-applicable" => AbsentReason::NotApplicable,
        "not-performed" => AbsentReason::NotPerformed,
        "temp-unknown" => AbsentReason::Pending,
        "masked" | "not-permitted" => AbsentReason::Masked,
        "unsupported" => AbsentReason::Unsupported,
        _ => AbsentReason::UnknownExplained,
    }
}
