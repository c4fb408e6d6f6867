//! What has been entered into the request form.

use consilium_domain::{
    ConsentSigner, ConsultationKind, DataCategory, InstitutionId, Sex, Timestamp, Urgency, person::BirthDate,
};
use consilium_protocol::{
    FieldError, codes,
    consultation::{Clinical, Consent, ConsultationInput, PatientInput},
    preparation::Guardian,
    session::Institution,
};
use leptos::prelude::*;

use crate::{format, i18n::FormTexts};

/// Version of the consent text that is in use.
const CONSENT_TEXT: &str = "2026-01";
/// A session is proposed this long ahead, ms.
const PROPOSED_AHEAD_MS: i64 = 24 * 60 * 60 * 1000;

macro_rules! fields {
    ($($field:ident: $path:literal;)*) => {
        /// The text fields of patient and clinical data.
        #[derive(Clone, Copy)]
        pub struct Texts {
            $(#[doc = $path] pub $field: RwSignal<String>,)*
        }
        impl Texts {
            fn new() -> Self {
                Self { $($field: RwSignal::new(String::new()),)* }
            }
        }
        /// Every path of the form that can be wrong by itself, in the order of the page.
        pub(super) const PATHS: &[&str] = &[$($path,)* "scheduled_at", "guardian.phone"];
        /// The label of the field at `path`.
        #[must_use]
        pub fn label(path: &str, t: &'static FormTexts) -> Option<&'static str> {
            match path {
                $($path => Some(t.$field),)*
                "scheduled_at" => Some(t.scheduled_at),
                "participants" => Some(t.participants),
                "wanted" => Some(t.wanted),
                "consent" => Some(t.consent),
                _ => None,
            }
        }
        impl Form {
            /// What was typed at `path`.
            pub(super) fn text(self, path: &str) -> Option<String> {
                match path {
                    $($path => Some(self.texts.$field.get_untracked()),)*
                    "scheduled_at" => Some(self.scheduled_at.get_untracked()),
                    "guardian.phone" => Some(self.guardian_phone.get_untracked()),
                    _ => None,
                }
            }
        }
    };
}

fields! {
    name: "patient.name";
    sex: "patient.sex";
    birth_date: "patient.birth_date";
    id_number: "patient.id_number";
    other_number: "patient.other_number";
    phone: "patient.phone";
    ethnicity: "patient.ethnicity";
    native_place: "patient.native_place";
    address: "patient.address";
    record_number: "patient.record_number";
    diagnosis: "clinical.preliminary_diagnosis";
    diagnosis_code: "clinical.diagnosis_code";
    need: "clinical.need";
    chief_complaint: "clinical.chief_complaint";
    present_illness: "clinical.present_illness";
    past_history: "clinical.past_history";
    treatment: "clinical.treatment";
    lab_summary: "clinical.lab_summary";
    personal_history: "clinical.personal_history";
    family_history: "clinical.family_history";
    physical_exam: "clinical.physical_exam";
    diagnosis_basis: "clinical.diagnosis_basis";
    purpose: "clinical.purpose";
    wanted_specialty: "clinical.wanted_specialty";
}

/// The form.
#[derive(Clone, Copy)]
pub struct Form {
    /// Code of the type.
    pub kind: RwSignal<String>,
    /// Code of the urgency.
    pub urgency: RwSignal<String>,
    /// Session time as the control writes it, China Standard Time.
    pub scheduled_at: RwSignal<String>,
    /// Planned length, minutes.
    pub duration: RwSignal<String>,
    /// Code of the signer; empty while there is no consent.
    pub signer: RwSignal<String>,
    /// Version of the consent text.
    pub consent_version: RwSignal<String>,
    /// Infectious disease: stricter masking.
    pub infectious: RwSignal<bool>,
    /// Name of the guardian who signs.
    pub guardian_name: RwSignal<String>,
    /// Code of the guardian's relation to the patient.
    pub guardian_relation: RwSignal<String>,
    /// Phone of the guardian.
    pub guardian_phone: RwSignal<String>,
    /// A guardian is on record already.
    pub guardian_known: RwSignal<bool>,
    /// Patient and clinical data.
    pub texts: Texts,
    /// Institutions that can be invited, and whether they are chosen.
    pub participants: StoredValue<Vec<(Institution, RwSignal<bool>)>>,
    /// Data categories, and whether they are wanted.
    pub wanted: StoredValue<Vec<(DataCategory, RwSignal<bool>)>>,
}

impl Form {
    /// An empty form with a time to start from.
    #[must_use]
    pub fn new(institutions: Vec<Institution>, kinds: &[ConsultationKind], now: Timestamp) -> Self {
        let kind = kinds.first().copied().unwrap_or(ConsultationKind::General);
        let participants = institutions
            .into_iter()
            .map(|institution| (institution, RwSignal::new(false)))
            .collect();
        let wanted = DataCategory::ALL
            .iter()
            .map(|of| (*of, RwSignal::new(*of == DataCategory::Imaging)))
            .collect();
        let text = |value: &str| RwSignal::new(value.to_owned());
        Self {
            kind: text(kind.code()),
            urgency: text(Urgency::Routine.code()),
            scheduled_at: text(&format::local_value(format::next_hour(now, PROPOSED_AHEAD_MS))),
            duration: text("60"),
            signer: text(""),
            consent_version: text(CONSENT_TEXT),
            infectious: RwSignal::new(false),
            guardian_name: text(""),
            guardian_relation: text(""),
            guardian_phone: text(""),
            guardian_known: RwSignal::new(false),
            texts: Texts::new(),
            participants: StoredValue::new(participants),
            wanted: StoredValue::new(wanted),
        }
    }

    /// Puts what was imported into the fields; what the file does not have is left as it was typed.
    pub fn fill(self, patient: PatientInput, clinical: Clinical) {
        let t = self.texts;
        let put = |field: RwSignal<String>, value: String| {
            if !value.is_empty() {
                field.set(value);
            }
        };
        put(t.name, patient.name);
        put(
            t.sex,
            patient.sex.map(|sex| sex.code().to_owned()).unwrap_or_default(),
        );
        put(
            t.birth_date,
            patient.birth_date.map(String::from).unwrap_or_default(),
        );
        put(t.id_number, patient.id_number);
        put(t.other_number, patient.other_number);
        put(t.phone, patient.phone);
        put(t.ethnicity, patient.ethnicity);
        put(t.native_place, patient.native_place);
        put(t.address, patient.address);
        put(t.record_number, patient.record_number);
        put(t.diagnosis, clinical.preliminary_diagnosis);
        put(t.diagnosis_code, clinical.diagnosis_code);
        put(t.need, clinical.need);
        put(t.chief_complaint, clinical.chief_complaint);
        put(t.present_illness, clinical.present_illness);
        put(t.past_history, clinical.past_history);
        put(t.treatment, clinical.treatment);
        put(t.lab_summary, clinical.lab_summary);
        put(t.personal_history, clinical.personal_history);
        put(t.family_history, clinical.family_history);
        put(t.physical_exam, clinical.physical_exam);
        put(t.diagnosis_basis, clinical.diagnosis_basis);
        put(t.purpose, clinical.purpose);
        put(t.wanted_specialty, clinical.wanted_specialty);
        if patient.infectious {
            self.infectious.set(true);
        }
    }

    /// Puts a stored draft into the fields.
    pub fn load(self, input: ConsultationInput) {
        self.kind.set(input.kind.code().to_owned());
        self.urgency.set(input.urgency.code().to_owned());
        self.scheduled_at.set(format::local_value(input.scheduled_at));
        self.duration.set(input.duration_minutes.to_string());
        if let Some(consent) = input.consent {
            self.guardian_known.set(consent.signer == ConsentSigner::Guardian);
            self.signer.set(consent.signer.code().to_owned());
            self.consent_version.set(consent.text_version);
        }
        self.participants.with_value(|all| {
            for (of, on) in all {
                on.set(input.participants.contains(&of.id));
            }
        });
        self.wanted.with_value(|all| {
            for (of, on) in all {
                on.set(input.wanted.contains(of));
            }
        });
        self.fill(input.patient, input.clinical);
    }

    /// The request body.
    ///
    /// # Errors
    /// The fields that cannot be sent.
    pub fn input(self) -> Result<ConsultationInput, Vec<FieldError>> {
        let get = |field: RwSignal<String>| field.get_untracked().trim().to_owned();
        let mut errors = Vec::new();
        let birth_date = optional(&get(self.texts.birth_date), |text| BirthDate::parse(text).ok());
        let sex = optional(&get(self.texts.sex), |code| code.parse::<Sex>().ok());
        let signer = optional(&get(self.signer), |code| code.parse::<ConsentSigner>().ok());
        let scheduled_at = format::parse_local(&get(self.scheduled_at));
        if birth_date.is_err() {
            errors.push(FieldError::new("patient.birth_date", codes::BIRTH_DATE));
        }
        if scheduled_at.is_none() {
            errors.push(FieldError::new("scheduled_at", codes::FIELD_REQUIRED));
        }
        let signer = signer.ok().flatten();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(ConsultationInput {
            kind: get(self.kind).parse().unwrap_or(ConsultationKind::General),
            urgency: get(self.urgency).parse().unwrap_or(Urgency::Routine),
            patient: PatientInput {
                name: get(self.texts.name),
                sex: sex.ok().flatten(),
                birth_date: birth_date.ok().flatten(),
                id_number: get(self.texts.id_number),
                other_number: get(self.texts.other_number),
                phone: get(self.texts.phone),
                ethnicity: get(self.texts.ethnicity),
                native_place: get(self.texts.native_place),
                address: get(self.texts.address),
                record_number: get(self.texts.record_number),
                infectious: self.infectious.get_untracked(),
            },
            clinical: Clinical {
                preliminary_diagnosis: get(self.texts.diagnosis),
                diagnosis_code: get(self.texts.diagnosis_code),
                need: get(self.texts.need),
                chief_complaint: get(self.texts.chief_complaint),
                present_illness: get(self.texts.present_illness),
                past_history: get(self.texts.past_history),
                treatment: get(self.texts.treatment),
                lab_summary: get(self.texts.lab_summary),
                personal_history: get(self.texts.personal_history),
                family_history: get(self.texts.family_history),
                physical_exam: get(self.texts.physical_exam),
                diagnosis_basis: get(self.texts.diagnosis_basis),
                purpose: get(self.texts.purpose),
                wanted_specialty: get(self.texts.wanted_specialty),
            },
            scheduled_at: scheduled_at.unwrap_or_default(),
            duration_minutes: get(self.duration).parse().unwrap_or(60),
            participants: self.chosen(),
            wanted: self.wanted(),
            consent: signer.map(|signer| Consent {
                signer,
                text_version: get(self.consent_version),
            }),
        })
    }

    /// The guardian as entered, when one signs and a name was given.
    #[must_use]
    pub fn guardian(self) -> Option<Guardian> {
        let get = |field: RwSignal<String>| field.get_untracked().trim().to_owned();
        let name = get(self.guardian_name);
        let signs = self.signer.get_untracked() == ConsentSigner::Guardian.code();
        (signs && !name.is_empty()).then(|| Guardian {
            name,
            relation: get(self.guardian_relation).parse().ok(),
            phone: get(self.guardian_phone),
        })
    }

    pub(super) fn wanted(self) -> Vec<DataCategory> {
        self.wanted.with_value(|all| {
            all.iter()
                .filter(|(_, on)| on.get_untracked())
                .map(|(of, _)| *of)
                .collect()
        })
    }

    pub(super) fn chosen(self) -> Vec<InstitutionId> {
        self.participants.with_value(|all| {
            all.iter()
                .filter(|(_, on)| on.get_untracked())
                .map(|(of, _)| of.id)
                .collect()
        })
    }
}

/// Nothing for an empty text, an error for one that `read` refuses.
fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ()> {
    if text.is_empty() {
        Ok(None)
    } else {
        read(text).map(Some).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        let institution = |n: u128| Institution {
            id: InstitutionId(uuid::Uuid::from_u128(n)),
            code: "x".into(),
            name_zh: "甲".into(),
            name_en: "A".into(),
            colour: 1,
        };
        let now = Timestamp::parse_rfc3339("2026-11-22T02:10:00Z").unwrap();
        Form::new(vec![institution(1), institution(2)], &[], now)
    }

    #[test]
    fn a_draft_needs_no_consent_but_an_invitation_does() {
        let owner = Owner::new();
        owner.with(|| {
            let form = form();
            form.texts.name.set(" 张三 ".into());
            let input = form.input().unwrap();
            assert_eq!(input.patient.name, "张三");
            assert_eq!(input.scheduled_at.display(), "2026-11-23 11:00");
            assert_eq!(input.wanted, [DataCategory::Imaging]);
            let now = Timestamp::parse_rfc3339("2026-11-22T02:10:00Z").unwrap();
            let fields = |invite| -> Vec<String> {
                let found = form.problems(invite, now);
                found.into_iter().map(|error| error.field).collect()
            };
            form.texts.id_number.set("11010519491231002X".into());
            form.read_number();
            assert_eq!(form.texts.sex.get(), "female");
            assert_eq!(form.texts.birth_date.get(), "1949-12-31");
            form.texts.diagnosis.set("肺炎".into());
            form.texts.need.set("请会诊".into());
            assert_eq!(fields(false), ["participants"]);
            form.participants
                .with_value(|all| all.iter().for_each(|(_, on)| on.set(true)));
            assert_eq!(fields(false), [""; 0]);
            assert_eq!(
                fields(true),
                [
                    "consent",
                    "patient.phone",
                    "patient.ethnicity",
                    "patient.native_place"
                ]
            );
            form.texts.ethnicity.set("汉族".into());
            form.texts.native_place.set("山东济南".into());
            form.signer.set("patient".into());
            form.texts.phone.set("138".into());
            assert_eq!(fields(false), ["patient.phone"]);
            form.texts.phone.set("13800138000".into());
            assert_eq!(fields(true), [""; 0]);
            assert_eq!(form.input().unwrap().participants.len(), 2);
        });
    }

    #[test]
    fn a_loaded_draft_gives_the_same_body() {
        let owner = Owner::new();
        owner.with(|| {
            let form = form();
            form.texts.name.set("张三".into());
            form.texts.id_number.set("11010519491231002X".into());
            form.duration.set("90".into());
            form.signer.set("patient".into());
            form.participants
                .with_value(|all| all.iter().for_each(|(_, on)| on.set(true)));
            let input = form.input().unwrap();
            let again = self::form();
            again.load(input.clone());
            assert_eq!(
                serde_json::to_value(again.input().unwrap()).unwrap(),
                serde_json::to_value(input).unwrap()
            );
        });
    }

    #[test]
    fn wrong_dates_are_named() {
        let owner = Owner::new();
        owner.with(|| {
            let form = form();
            form.texts.birth_date.set("1999-02-31".into());
            form.scheduled_at.set(String::new());
            let errors = form.input().unwrap_err();
            let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, ["patient.birth_date", "scheduled_at"]);
        });
    }

    #[test]
    fn an_import_keeps_what_it_does_not_have() {
        let owner = Owner::new();
        owner.with(|| {
            let form = form();
            form.texts.need.set("typed".into());
            let patient = PatientInput {
                name: "李四".into(),
                ..PatientInput::default()
            };
            form.fill(patient, Clinical::default());
            assert_eq!(form.texts.name.get(), "李四");
            assert_eq!(form.texts.need.get(), "typed");
        });
    }
}
