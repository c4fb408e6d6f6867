//! Patient data: checked at the edge, kept sealed, shown masked.

use consilium_domain::{
    Clear, PatientId, Timestamp,
    consultation::PARTICIPANTS_MIN,
    element::is_placeholder,
    masking::{Profile, RuleSet},
    person::{BirthDate, IdNumber, PersonName, Phone, icd10_well_formed},
};
use consilium_protocol::{
    FieldError, codes,
    consultation::{Clinical, ConsultationInput, MaskedPatient, PatientInput},
    limits,
};
use consilium_storage::{Patient, PatientIdentity};
use uuid::Uuid;

use crate::{ctx::Ctx, error::ServiceError, state::App};

/// Collects what is wrong with the fields of one request.
#[derive(Default)]
pub struct Check(Vec<FieldError>);

impl Check {
    /// Notes one error.
    pub fn error(&mut self, field: &str, code: &str) {
        self.0.push(FieldError::new(field, code));
    }

    /// A text that must say something and keep within its length.
    pub fn required(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.trim().is_empty() {
            self.error(field, codes::FIELD_REQUIRED);
        } else if is_placeholder(text) {
            self.error(field, codes::FIELD_PLACEHOLDER);
        } else {
            self.optional(field, text, chars_max);
        }
    }

    /// A text that may be empty but keeps within its length.
    pub fn optional(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.chars().count() > chars_max {
            self.error(field, codes::FIELD_TOO_LONG);
        }
    }

    /// An ICD-10 code that may be empty.
    pub fn icd10(&mut self, field: &str, code: &str) {
        if !code.is_empty() && !icd10_well_formed(code) {
            self.error(field, codes::FIELD_ICD10);
        }
    }

    /// Ends the check.
    ///
    /// # Errors
    /// Everything that was noted.
    pub fn finish(self) -> Result<(), ServiceError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::Invalid(self.0))
        }
    }
}

/// Checks a whole request form and gives the patient's canonical identity.
///
/// # Errors
/// Every wrong field, named by its path.
pub fn check_form(input: &ConsultationInput, ctx: &Ctx) -> Result<PatientIdentity, ServiceError> {
    let mut check = Check::default();
    let identity = check_patient(&mut check, &input.patient, ctx.now());
    check_clinical(&mut check, &input.clinical);
    let mut distinct = input.participants.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() < PARTICIPANTS_MIN {
        check.error("participants", codes::TOO_FEW_PARTICIPANTS);
    }
    if distinct.len() != input.participants.len()
        || distinct.len() > limits::PARTICIPANTS_MAX
        || distinct.contains(&ctx.institution.id)
    {
        check.error("participants", codes::FIELD_UNKNOWN);
    }
    if input.wanted.is_empty() {
        check.error("wanted", codes::FIELD_REQUIRED);
    }
    if !(5..=24 * 60).contains(&input.duration_minutes) {
        check.error("duration_minutes", codes::FIELD_UNKNOWN);
    }
    if input.scheduled_at < ctx.now().plus_ms(-60 * 60 * 1000) {
        check.error("scheduled_at", codes::FIELD_PAST);
    }
    if let Some(consent) = &input.consent {
        // A hospital may have had its own text signed; what was published here can be shown, others are on
        // the scanned form. Recording a consent on its own page asks for a published text.
        check.required("consent.text_version", &consent.text_version, 50);
        let minor = identity
            .birth_date
            .as_ref()
            .and_then(|b| b.age_at(ctx.now()))
            .is_some_and(|age| age.years() < 14);
        if minor && consent.signer != consilium_domain::ConsentSigner::Guardian {
            check.error("consent.signer", codes::FIELD_GUARDIAN);
        }
    }
    check.finish()?;
    Ok(identity)
}

/// What an invitation must hold and the form does not: patient basics (Table 1, category 1) and the
/// preliminary diagnosis (`domain.md` section 2.2).
///
/// # Errors
/// The store fails.
pub async fn missing_for_invitation(
    app: &App,
    consultation: &consilium_storage::Consultation,
) -> Result<Vec<FieldError>, ServiceError> {
    let patient = app
        .store
        .reader()
        .patient(consultation.patient)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let clinical: Clinical = serde_json::from_value(consultation.clinical.clone())?;
    let identity = patient.identity.expose();
    Ok([
        ("patient.name", &identity.name),
        ("patient.phone", &identity.phone),
        ("patient.ethnicity", &identity.ethnicity),
        ("patient.native_place", &identity.native_place),
        ("clinical.preliminary_diagnosis", &clinical.preliminary_diagnosis),
    ]
    .into_iter()
    .filter(|(_, text)| text.trim().is_empty())
    .map(|(field, _)| FieldError::new(field, codes::FIELD_REQUIRED))
    .collect())
}

fn check_clinical(check: &mut Check, clinical: &Clinical) {
    check.required(
        "clinical.preliminary_diagnosis",
        &clinical.preliminary_diagnosis,
        limits::DIAGNOSIS_CHARS,
    );
    check.icd10("clinical.diagnosis_code", &clinical.diagnosis_code);
    check.required("clinical.need", &clinical.need, limits::NEED_CHARS);
    for (field, text) in [
        ("clinical.chief_complaint", &clinical.chief_complaint),
        ("clinical.present_illness", &clinical.present_illness),
        ("clinical.past_history", &clinical.past_history),
        ("clinical.treatment", &clinical.treatment),
        ("clinical.lab_summary", &clinical.lab_summary),
        ("clinical.personal_history", &clinical.personal_history),
        ("clinical.family_history", &clinical.family_history),
        ("clinical.physical_exam", &clinical.physical_exam),
        ("clinical.diagnosis_basis", &clinical.diagnosis_basis),
        ("clinical.purpose", &clinical.purpose),
        ("clinical.wanted_specialty", &clinical.wanted_specialty),
    ] {
        check.optional(field, text, limits::NEED_CHARS);
    }
}

fn check_patient(check: &mut Check, input: &PatientInput, now: Timestamp) -> PatientIdentity {
    let mut identity = PatientIdentity {
        name: String::new(),
        id_number: String::new(),
        other_number: input.other_number.trim().to_owned(),
        birth_date: input.birth_date,
        phone: String::new(),
        ethnicity: input.ethnicity.trim().to_owned(),
        native_place: input.native_place.trim().to_owned(),
        address: input.address.trim().to_owned(),
        record_number: input.record_number.trim().to_owned(),
        infectious: input.infectious,
    };
    match PersonName::parse(&input.name) {
        Ok(name) => identity.name = name.expose().to_owned(),
        Err(_) if input.name.trim().is_empty() => check.error("patient.name", codes::FIELD_REQUIRED),
        Err(error) => check.error("patient.name", error.code()),
    }
    if input.sex.is_none() {
        check.error("patient.sex", codes::FIELD_REQUIRED);
    }
    if !input.id_number.trim().is_empty() {
        match IdNumber::parse(&input.id_number) {
            Ok(number) => {
                let by_number = number.birth_date();
                if input.birth_date.is_some() && by_number != input.birth_date {
                    check.error("patient.birth_date", codes::FIELD_BIRTH_MISMATCH);
                }
                if input.sex.is_some_and(|sex| {
                    matches!(sex, consilium_domain::Sex::Male | consilium_domain::Sex::Female)
                        && sex != number.sex()
                }) {
                    check.error("patient.sex", codes::FIELD_SEX_MISMATCH);
                }
                identity.birth_date = by_number;
                identity.id_number = number.expose().to_owned();
            }
            Err(error) => check.error("patient.id_number", error.code()),
        }
    } else if identity.other_number.is_empty() {
        check.error("patient.id_number", codes::FIELD_REQUIRED);
    }
    match identity.birth_date {
        Some(date) if date.age_at(now).is_none_or(|age| age.years() > 150) => {
            check.error("patient.birth_date", codes::BIRTH_DATE);
        }
        None if input.id_number.trim().is_empty() => check.error("patient.birth_date", codes::FIELD_REQUIRED),
        _ => {}
    }
    if !input.phone.trim().is_empty() {
        match Phone::parse(&input.phone) {
            Ok(phone) => identity.phone = phone.expose().to_owned(),
            Err(error) => check.error("patient.phone", error.code()),
        }
    }
    for (field, text, max) in [
        ("patient.other_number", &identity.other_number, 64),
        ("patient.ethnicity", &identity.ethnicity, 30),
        ("patient.native_place", &identity.native_place, 100),
        ("patient.address", &identity.address, 200),
        ("patient.record_number", &identity.record_number, 64),
    ] {
        check.optional(field, text, max);
    }
    identity
}

/// The record to store: sealed identity and the keyed platform identifier (clause 8.2.2).
#[must_use]
pub fn record(
    app: &App,
    ctx: &Ctx,
    id: Option<PatientId>,
    identity: PatientIdentity,
    sex: consilium_domain::Sex,
) -> Patient {
    let vault = app.store.vault();
    let platform_id = if identity.id_number.is_empty() {
        vault.patient_identifier(
            "other",
            &format!("{}|{}", ctx.institution.code, identity.other_number),
        )
    } else {
        vault.patient_identifier("01", &identity.id_number)
    };
    Patient {
        id: id.unwrap_or_else(|| PatientId(Uuid::now_v7())),
        institution: ctx.institution.id,
        platform_id,
        identity: Clear::new(identity),
        sex,
        created_at: ctx.now(),
    }
}

/// The patient as the own institution entered them.
#[must_use]
pub fn form(patient: &Patient) -> PatientInput {
    let identity = patient.identity.expose();
    PatientInput {
        name: identity.name.clone(),
        sex: Some(patient.sex),
        birth_date: identity.birth_date,
        id_number: identity.id_number.clone(),
        other_number: identity.other_number.clone(),
        phone: identity.phone.clone(),
        ethnicity: identity.ethnicity.clone(),
        native_place: identity.native_place.clone(),
        address: identity.address.clone(),
        record_number: identity.record_number.clone(),
        infectious: identity.infectious,
    }
}

/// The profile by which a patient is shown: minors and infectious cases are hidden more (clause 8.3.2).
#[must_use]
pub fn profile(identity: &PatientIdentity, asked: Profile, now: Timestamp) -> Profile {
    let age = identity
        .birth_date
        .as_ref()
        .and_then(|b: &BirthDate| b.age_at(now));
    RuleSet::builtin().profile(asked, age, identity.infectious)
}

/// The patient as every institution sees them (clause 8.3.1).
#[must_use]
pub fn masked(patient: &Patient, now: Timestamp) -> MaskedPatient {
    let identity = patient.identity.expose();
    let rules = RuleSet::builtin();
    let profile = profile(identity, Profile::Exchange, now);
    let number = [&identity.id_number, &identity.other_number]
        .into_iter()
        .find(|number| !number.is_empty());
    let age = identity.birth_date.as_ref().and_then(|b| b.age_at(now));
    MaskedPatient {
        platform_id: patient.platform_id.clone(),
        name: rules.name(profile, &identity.name),
        sex: patient.sex,
        age,
        number: number.map(|number| rules.number(profile, number)),
        phone: Some(&identity.phone)
            .filter(|phone| !phone.is_empty())
            .map(|phone| rules.phone(profile, phone)),
        ethnicity: identity.ethnicity.clone(),
        native_place: rules.native_place(profile, &identity.native_place).get().clone(),
        minor: age.is_some_and(|age| rules.minor(age)),
        infectious: identity.infectious,
    }
}
