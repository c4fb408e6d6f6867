//! One row on its way in: standard spelling, check against the dictionary, masking for exchange, hashes
//! (clauses 7.2 d and f, 8.3.1).

use std::collections::BTreeMap;

use consilium_domain::{
    AbsentReason, Clear, ConsultationId, InstitutionId, MaskKind, RecordKind, Sex, Timestamp,
    canonical::{canonical_json, sha256_hex},
    element::{
        Applicability, CheckContext, Dictionary, Element, ElementId, ElementValue, Record, check_record,
        standardise,
    },
    masking::{KnownPerson, Profile, RuleSet},
    person::{BirthDate, canonical_number},
};
use consilium_protocol::preparation::Guardian;
use consilium_storage::{ItemFinding, Patient};
use consilium_vault::Vault;

use crate::services::{masking, patients};

/// Characters of a key that is not fit for exchange as it is.
const PSEUDONYM_CHARS: usize = 16;
/// Shortest number of the patient that is looked for inside other words, characters.
const OWN_NUMBER_MIN: usize = 4;
/// Shortest name of the patient that is looked for inside other words, characters.
const OWN_NAME_MIN: usize = 2;

/// What all rows of a submission are read against.
pub(super) struct Desk {
    pub(super) consultation: ConsultationId,
    pub(super) institution: InstitutionId,
    pub(super) check: CheckContext,
    pub(super) known: KnownPerson,
    pub(super) profile: Profile,
    /// Names and numbers of `known` in one spelling.
    own: Vec<String>,
    platform_id: String,
    numbers: Vec<String>,
    /// The number under which the home institution keeps the patient; another institution has its own.
    record_number: Option<String>,
}

/// A row ready to be stored.
pub(super) struct Prepared {
    pub(super) original: Clear<Record>,
    pub(super) kind: RecordKind,
    pub(super) available_at: Timestamp,
    /// Name of the row, fit for exchange.
    pub(super) key: String,
    pub(super) key_hash: String,
    pub(super) elements: BTreeMap<ElementId, ElementValue>,
    pub(super) findings: Vec<ItemFinding>,
    pub(super) hash: String,
    pub(super) source_hash: String,
}

impl Prepared {
    /// Whether nothing keeps it out of the data.
    pub(super) fn valid(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity == consilium_domain::Severity::Warning)
    }
}

impl Desk {
    pub(super) fn new(
        consultation: &consilium_storage::Consultation,
        institution: InstitutionId,
        patient: &Patient,
        guardian: Option<&Guardian>,
        now: Timestamp,
    ) -> Self {
        let identity = patient.identity.expose();
        let age = identity
            .birth_date
            .as_ref()
            .and_then(|b: &BirthDate| b.age_at(now));
        let known = masking::known(identity, guardian);
        let given = |text: &String| Some(canonical_number(text)).filter(|text| !text.is_empty());
        Self {
            consultation: consultation.id,
            institution,
            check: CheckContext {
                now,
                consultation_at: Some(consultation.scheduled_at),
                sex: Some(patient.sex).filter(|sex| matches!(sex, Sex::Male | Sex::Female)),
                birth_date: identity.birth_date,
                applicable: Applicability {
                    imaging_needed: consultation
                        .wanted
                        .contains(&consilium_domain::DataCategory::Imaging),
                    age,
                    ..Applicability::default()
                },
                // The request form holds what there is one of; rows add to it.
                whole: false,
            },
            own: [
                &known.names,
                &known.record_numbers,
                &known.documents,
                &known.phones,
                &known.addresses,
            ]
            .into_iter()
            .flatten()
            .map(|clear| canonical_number(clear.expose()))
            // One character, or a record number like 12, would be found everywhere.
            .filter(|own| {
                own.chars().count()
                    >= if own.is_ascii() {
                        OWN_NUMBER_MIN
                    } else {
                        OWN_NAME_MIN
                    }
            })
            .collect(),
            known,
            profile: patients::profile(identity, Profile::Exchange, now),
            platform_id: patient.platform_id.clone(),
            numbers: [&identity.id_number, &identity.other_number]
                .into_iter()
                .filter_map(given)
                .collect(),
            record_number: (consultation.lead == institution)
                .then(|| given(&identity.record_number))
                .flatten(),
        }
    }

    /// Whether a row says that it is of somebody else.
    pub(super) fn other_patient(&self, record: &Record) -> bool {
        let text = |row| record.text(&ElementId::row(1, row));
        let other = |given: Option<&str>, own: &[String]| {
            given.is_some_and(|given| !own.is_empty() && !own.contains(&canonical_number(given)))
        };
        text(1).is_some_and(|given| given != self.platform_id)
            || other(text(3), &self.numbers)
            || self
                .record_number
                .as_ref()
                .is_some_and(|own| other(text(4), std::slice::from_ref(own)))
    }

    /// Prepares one row. Its key has been looked at.
    pub(super) fn prepare(&self, vault: &Vault, original: Record) -> Prepared {
        let dictionary = Dictionary::builtin();
        let standard = standardise(dictionary, &original);
        let findings = check_record(dictionary, &standard, &self.check)
            .into_iter()
            .map(|finding| ItemFinding {
                element: finding.element,
                code: finding.code.to_owned(),
                severity: finding.severity,
                seen: finding.seen,
                rule: finding.rule,
            })
            .collect();
        let elements = standard
            .elements
            .iter()
            .filter_map(|(id, given)| {
                let element = dictionary.of_row(standard.kind, id)?;
                Some((id.clone(), self.masked(vault, element, given)))
            })
            .collect();
        let key_hash = self.key_hash(vault, standard.kind, &standard.key);
        let key = if self.names_somebody(&standard.key) {
            format!(
                "row-{}",
                key_hash.chars().take(PSEUDONYM_CHARS).collect::<String>()
            )
        } else {
            standard.key.clone()
        };
        let exchanged = Record {
            kind: standard.kind,
            key: key.clone(),
            elements,
            available_at: standard.available_at,
        };
        Prepared {
            hash: digest(&exchanged),
            source_hash: vault.patient_identifier("original", &digest(&original)),
            kind: standard.kind,
            available_at: standard.available_at,
            key,
            key_hash,
            elements: exchanged.elements,
            findings,
            original: Clear::new(original),
        }
    }

    /// The same for all versions of a row, and nothing to somebody without the key.
    fn key_hash(&self, vault: &Vault, kind: RecordKind, key: &str) -> String {
        let row = format!("{}|{}|{}|{key}", self.consultation, self.institution, kind.code());
        vault.patient_identifier("row", &sha256_hex(row.as_bytes()))
    }

    /// Whether one of the patient's own names or numbers stands in a text, in whatever spelling.
    fn says_known(&self, text: &str) -> bool {
        let text = canonical_number(text);
        self.own.iter().any(|own| text.contains(own.as_str()))
    }

    /// Whether a key holds what identifies somebody. One too many does no harm: its pseudonym is as stable.
    fn names_somebody(&self, text: &str) -> bool {
        self.says_known(text)
            || !RuleSet::builtin()
                .scrub(self.profile, text, &self.known)
                .hits
                .is_empty()
    }

    fn masked(&self, vault: &Vault, element: &Element, given: &ElementValue) -> ElementValue {
        if given.text().is_none() {
            return given.clone();
        }
        let rules = RuleSet::builtin();
        let clear = given.value.as_str();
        let value = match element.mask {
            // A word that should name a drug or a test may still name the patient.
            MaskKind::Keep if !self.says_known(clear) => clear.to_owned(),
            MaskKind::Keep | MaskKind::FreeText => {
                rules.scrub(self.profile, clear, &self.known).text.get().clone()
            }
            MaskKind::Pseudonym => clear.to_owned(),
            MaskKind::IdNumber => rules.number(self.profile, clear).get().clone(),
            MaskKind::Uid => self.uid(vault, clear),
            kind => rules.mask(kind, self.profile, clear).get().clone(),
        };
        let absent = if value.is_empty() {
            Some(AbsentReason::Masked)
        } else {
            given.absent
        };
        ElementValue {
            value,
            unit: given.unit.clone(),
            absent,
        }
    }

    /// A DICOM identifier that leads back to no hospital: always the same for one object of this case.
    fn uid(&self, vault: &Vault, clear: &str) -> String {
        let keyed = vault.patient_identifier("uid", &format!("{}|{clear}", self.consultation));
        let number = u128::from_str_radix(&keyed, 16).unwrap_or_default();
        format!("2.25.{number}")
    }
}

/// SHA-256 over the canonical JSON of a row, hex.
fn digest(record: &Record) -> String {
    let value = serde_json::to_value(record).unwrap_or_default();
    sha256_hex(canonical_json(&value).as_bytes())
}

#[cfg(test)]
mod tests {
    use consilium_domain::{ConsultationKind, ConsultationState, DataCategory, Urgency};
    use consilium_storage::{Consultation, PatientIdentity};
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);

    fn desk(vault: &Vault) -> Desk {
        let lead = InstitutionId(Uuid::from_u128(1));
        let identity = PatientIdentity {
            name: "欧阳明德".to_owned(),
            id_number: "11010519491231002X".to_owned(),
            other_number: String::new(),
            birth_date: Some(BirthDate::parse("1949-12-31").unwrap()),
            phone: "13812341234".to_owned(),
            ethnicity: "汉族".to_owned(),
            native_place: "北京".to_owned(),
            address: String::new(),
            record_number: "MRN0021".to_owned(),
            infectious: false,
        };
        let platform_id = vault.patient_identifier("01", &identity.id_number);
        let patient = Patient {
            id: Uuid::from_u128(2).into(),
            institution: lead,
            platform_id,
            identity: Clear::new(identity),
            sex: Sex::Female,
            created_at: NOW,
        };
        let consultation = Consultation {
            id: Uuid::from_u128(3).into(),
            number: "HZ-1".to_owned(),
            kind: ConsultationKind::General,
            urgency: Urgency::Routine,
            state: ConsultationState::Preparing,
            lead,
            patient: patient.id,
            clinical: serde_json::Value::Null,
            scheduled_at: NOW,
            duration_minutes: 60,
            chosen: Vec::new(),
            wanted: vec![DataCategory::LabExam],
            consent: None,
            started_at: None,
            ended_at: None,
            due_at: None,
            suspended_from: None,
            override_reason: None,
            paused_at: None,
            pause_reason: None,
            created_by: Uuid::from_u128(4).into(),
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        };
        let guardian = Guardian {
            name: "欧阳守一".to_owned(),
            ..Guardian::default()
        };
        Desk::new(&consultation, lead, &patient, Some(&guardian), NOW)
    }

    fn record(kind: RecordKind, key: &str, elements: &[(&str, &str)]) -> Record {
        Record {
            kind,
            key: key.to_owned(),
            elements: elements
                .iter()
                .map(|(id, value)| (id.parse().unwrap(), ElementValue::new(*value)))
                .collect(),
            available_at: NOW,
        }
    }

    #[test]
    fn what_identifies_leaves_in_no_form() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_or_create(&folder.path().join("keys"), NOW.ms()).unwrap();
        let desk = desk(&vault);
        let row = record(
            RecordKind::Exam,
            "MRN0021-CT-3",
            &[
                ("3.10", "头颅CT 欧阳明德"),
                (
                    "3.12.impression",
                    "患者欧阳明德，电话１３８１２３４１２３４，家属欧阳守一陪同：左额叶占位",
                ),
                ("3.13", "1.2.840.113619.2.55.3.604688"),
            ],
        );
        let prepared = desk.prepare(&vault, row.clone());
        let out = format!(
            "{} {}",
            prepared.key,
            serde_json::to_string(&prepared.elements).unwrap()
        );
        for secret in [
            "欧阳明德",
            "欧阳守一",
            "13812341234",
            "１３８１２３４１２３４",
            "MRN0021",
            "113619",
        ] {
            assert!(!out.contains(secret), "{secret} in {out}");
        }
        assert!(out.contains("左额叶占位") && prepared.key.starts_with("row-"));
        let uid = &prepared.elements[&"3.13".parse().unwrap()].value;
        assert!(consilium_domain::element::dicom_uid_well_formed(uid), "{uid}");
        let again = desk.prepare(&vault, row);
        assert_eq!(
            (again.hash, again.source_hash, again.key),
            (prepared.hash, prepared.source_hash, prepared.key)
        );
    }

    #[test]
    fn a_change_under_the_mask_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_or_create(&folder.path().join("keys"), NOW.ms()).unwrap();
        let desk = desk(&vault);
        let row = |phone| desk.prepare(&vault, record(RecordKind::Patient, "p", &[("1.10", phone)]));
        let (one, two) = (row("13812341234"), row("13899991234"));
        assert_eq!(one.hash, two.hash);
        assert_ne!(one.source_hash, two.source_hash);
        assert_eq!(one.elements[&ElementId::row(1, 10)].value, "138****1234");
    }

    #[test]
    fn rows_of_somebody_else_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_or_create(&folder.path().join("keys"), NOW.ms()).unwrap();
        let desk = desk(&vault);
        let other =
            |elements: &[(&str, &str)]| desk.other_patient(&record(RecordKind::Patient, "p", elements));
        assert!(!other(&[("1.3", "１１０１０５19491231002x"), ("1.4", "mrn0021")]));
        assert!(other(&[("1.3", "110105194912310038")]));
        assert!(other(&[("1.4", "MRN0022")]));
        assert!(other(&[("1.1", "00000000000000000000000000000000")]));
        assert!(!other(&[("1.5", "欧阳明德")]));
    }
}
