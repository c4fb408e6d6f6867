//! What the request form finds wrong by itself, field by field, as the server would.

use consilium_domain::{
    ConsentSigner, Sex, Timestamp, element,
    person::{BirthDate, IdNumber, PersonName, Phone, icd10_well_formed},
    preparation::consent,
};
use consilium_protocol::{FieldError, codes};
use leptos::prelude::*;

use super::state::Form;

/// Fields without which nothing can be saved, not even a draft.
const DRAFT: &[&str] = &[
    "patient.name",
    "patient.sex",
    "clinical.preliminary_diagnosis",
    "clinical.need",
    "scheduled_at",
];

impl Form {
    /// The code of what is wrong with the field at `path`; an empty field is wrong only when it is needed.
    pub(super) fn problem(self, path: &str, now: Timestamp) -> Option<&'static str> {
        let text = self.text(path);
        let text = text.as_deref().unwrap_or_default().trim();
        if text.is_empty() {
            return DRAFT.contains(&path).then_some(codes::FIELD_REQUIRED);
        }
        match path {
            "patient.name" => PersonName::parse(text).err().map(|error| error.code()),
            "patient.id_number" => IdNumber::parse(text).err().map(|error| error.code()),
            "patient.phone" | "guardian.phone" => Phone::parse(text).err().map(|error| error.code()),
            "patient.birth_date" => self.birth_problem(text, now),
            "patient.sex" => self.sex_problem(text),
            "clinical.diagnosis_code" => (!icd10_well_formed(text)).then_some(codes::FIELD_ICD10),
            "scheduled_at" => crate::format::parse_local(text)
                .is_none_or(|at| at < now)
                .then_some(codes::FIELD_PAST),
            "clinical.preliminary_diagnosis" | "clinical.need" => {
                element::is_placeholder(text).then_some(codes::FIELD_PLACEHOLDER)
            }
            _ => None,
        }
    }

    fn id_number(self) -> Option<IdNumber> {
        IdNumber::parse(self.texts.id_number.get_untracked().trim()).ok()
    }

    fn birth_problem(self, text: &str, now: Timestamp) -> Option<&'static str> {
        let Ok(date) = BirthDate::parse(text) else {
            return Some(codes::BIRTH_DATE);
        };
        if date.age_at(now).is_none() {
            return Some(codes::BIRTH_DATE);
        }
        let other = self.id_number().and_then(|number| number.birth_date());
        (other.is_some_and(|of| of != date)).then_some(codes::FIELD_BIRTH_MISMATCH)
    }

    fn sex_problem(self, text: &str) -> Option<&'static str> {
        let sex = text.parse::<Sex>().ok()?;
        let of = self.id_number()?.sex();
        (matches!(sex, Sex::Male | Sex::Female) && of != sex).then_some(codes::FIELD_SEX_MISMATCH)
    }

    /// Fills sex and birth date from a valid identity number, where they are still empty.
    pub(super) fn read_number(self) {
        let Some(number) = self.id_number() else { return };
        let put = |field: RwSignal<String>, value: String| {
            if field.with_untracked(String::is_empty) {
                field.set(value);
            }
        };
        put(self.texts.sex, number.sex().code().to_owned());
        if let Some(date) = number.birth_date() {
            put(self.texts.birth_date, String::from(date));
        }
    }

    /// The patient is too young to consent. Reactive.
    pub(super) fn is_minor(self, now: Timestamp) -> bool {
        let typed = BirthDate::parse(self.texts.birth_date.get().trim()).ok();
        let number = IdNumber::parse(self.texts.id_number.get().trim()).ok();
        let birth = typed.or_else(|| number.and_then(|number| number.birth_date()));
        !consent::signer_suffices(ConsentSigner::Patient, birth, now)
    }

    /// Everything that is wrong now. `invite` asks also for what an invitation needs.
    pub(super) fn problems(self, invite: bool, now: Timestamp) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = Vec::new();
        let mut note = |path: &str, code: &str| {
            if !found.iter().any(|error| error.field == path) {
                found.push(FieldError::new(path, code));
            }
        };
        for path in super::state::PATHS {
            if let Some(code) = self.problem(path, now) {
                note(path, code);
            }
        }
        let empty = |field: RwSignal<String>| field.with_untracked(|text| text.trim().is_empty());
        let t = self.texts;
        if empty(t.id_number) && empty(t.other_number) {
            note("patient.id_number", codes::FIELD_REQUIRED);
        }
        if empty(t.id_number) && empty(t.birth_date) {
            note("patient.birth_date", codes::FIELD_REQUIRED);
        }
        if self.chosen().len() < consilium_domain::consultation::PARTICIPANTS_MIN {
            note("participants", codes::TOO_FEW_PARTICIPANTS);
        }
        if self.wanted().is_empty() {
            note("wanted", codes::FIELD_REQUIRED);
        }
        let signer = self.signer.get_untracked();
        let guardian = signer == ConsentSigner::Guardian.code();
        if !signer.is_empty() && !guardian && untrack(|| self.is_minor(now)) {
            note("consent", codes::FIELD_GUARDIAN);
        }
        if invite {
            if signer.is_empty() {
                note("consent", codes::NO_CONSENT);
            }
            for (path, field) in [
                ("patient.phone", t.phone),
                ("patient.ethnicity", t.ethnicity),
                ("patient.native_place", t.native_place),
            ] {
                if empty(field) {
                    note(path, codes::FIELD_REQUIRED);
                }
            }
            if guardian && !self.guardian_known.get_untracked() {
                for (path, field) in [
                    ("guardian.name", self.guardian_name),
                    ("guardian.relation", self.guardian_relation),
                ] {
                    if empty(field) {
                        note(path, codes::FIELD_REQUIRED);
                    }
                }
            }
        }
        found
    }
}
