//! Texts on their way to readers of another institution (clause 8.3.1).

use consilium_domain::{
    Clear, Timestamp,
    masking::{KnownPerson, Profile, RuleSet, Scrubbed},
};
use consilium_protocol::{consultation::Clinical, preparation::Guardian};
use consilium_storage::{Consultation, Patient, PatientIdentity};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access::Case, consents, patients},
    state::App,
};

/// What is known of a patient and the guardian: looked for in every text that leaves.
#[must_use]
pub fn known(identity: &PatientIdentity, guardian: Option<&Guardian>) -> KnownPerson {
    let clear = |texts: &[&str]| -> Vec<Clear<String>> {
        let said = texts.iter().filter(|text| !text.trim().is_empty());
        said.map(|text| Clear::new((*text).to_owned())).collect()
    };
    KnownPerson {
        names: clear(&[&identity.name, guardian.map_or("", |of| &of.name)]),
        record_numbers: clear(&[&identity.record_number]),
        documents: clear(&[&identity.id_number, &identity.other_number]),
        phones: clear(&[&identity.phone, guardian.map_or("", |of| &of.phone)]),
        addresses: clear(&[&identity.address]),
    }
}

/// Scans texts of one case for a reader. The institution that holds the identity reads its own words as they
/// are; everybody else the scanned ones.
pub struct Texts {
    known: Option<KnownPerson>,
    profile: Profile,
}

impl Texts {
    /// For the caller.
    ///
    /// # Errors
    /// The stored consent cannot be read.
    pub fn for_reader(ctx: &Ctx, case: &Case, patient: &Patient) -> Result<Self, ServiceError> {
        let texts = Self::outgoing(&case.consultation, patient, ctx.now())?;
        let own = ctx.institution.id == patient.institution;
        Ok(Self {
            known: texts.known.filter(|_| !own),
            ..texts
        })
    }

    /// For every reader alike: what is written down as it leaves.
    ///
    /// # Errors
    /// The stored consent cannot be read.
    pub fn outgoing(
        consultation: &Consultation,
        patient: &Patient,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let identity = patient.identity.expose();
        let guardian = consents::Stored::read(consultation.consent.as_ref())?.and_then(|of| of.guardian);
        Ok(Self {
            known: Some(known(identity, guardian.as_ref())),
            profile: patients::profile(identity, Profile::Exchange, now),
        })
    }

    /// As [`Texts::outgoing`], the patient read first.
    ///
    /// # Errors
    /// The store fails, or the stored consent cannot be read.
    pub async fn for_exchange(app: &App, case: &Case, now: Timestamp) -> Result<Self, ServiceError> {
        let reader = app.store.reader();
        let patient = reader.patient(case.consultation.patient).await?;
        Self::outgoing(&case.consultation, &patient.ok_or(ServiceError::NotFound)?, now)
    }

    /// One text.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        match &self.known {
            Some(known) if !text.is_empty() => {
                let Scrubbed { text, .. } = RuleSet::builtin().scrub(self.profile, &text, known);
                text.get().clone()
            }
            _ => text,
        }
    }

    /// All texts of a request form.
    #[must_use]
    pub fn clinical(&self, clinical: Clinical) -> Clinical {
        Clinical {
            preliminary_diagnosis: self.text(clinical.preliminary_diagnosis),
            need: self.text(clinical.need),
            chief_complaint: self.text(clinical.chief_complaint),
            present_illness: self.text(clinical.present_illness),
            past_history: self.text(clinical.past_history),
            treatment: self.text(clinical.treatment),
            lab_summary: self.text(clinical.lab_summary),
            personal_history: self.text(clinical.personal_history),
            family_history: self.text(clinical.family_history),
            physical_exam: self.text(clinical.physical_exam),
            diagnosis_basis: self.text(clinical.diagnosis_basis),
            purpose: self.text(clinical.purpose),
            wanted_specialty: self.text(clinical.wanted_specialty),
            diagnosis_code: clinical.diagnosis_code,
        }
    }
}
