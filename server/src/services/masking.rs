//! Texts on their way to readers of another institution (clause 8.3.1).

use consilium_domain::{
    Clear, Timestamp,
    masking::{KnownPerson, Profile, RuleSet, Scrubbed},
};
use consilium_protocol::consultation::Clinical;
use consilium_storage::Patient;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access::Case, consents, patients},
    state::App,
};

/// What is known of a case's patient and guardian: looked for in every text that leaves.
///
/// # Errors
/// The stored consent cannot be read.
pub fn known(patient: &Patient, case: &Case) -> Result<KnownPerson, ServiceError> {
    let mut known = patients::known(patient.identity.expose());
    if let Some(guardian) =
        consents::Stored::read(case.consultation.consent.as_ref())?.and_then(|consent| consent.guardian)
    {
        let clear = |text: String| (!text.is_empty()).then(|| Clear::new(text));
        known.names.extend(clear(guardian.name));
        known.phones.extend(clear(guardian.phone));
    }
    Ok(known)
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
        let profile = patients::profile(patient.identity.expose(), Profile::Exchange, ctx.now());
        let own = ctx.institution.id == patient.institution;
        Ok(Self {
            known: (!own).then(|| known(patient, case)).transpose()?,
            profile,
        })
    }

    /// For every reader alike: what is written down as it leaves.
    ///
    /// # Errors
    /// The store fails, or the stored consent cannot be read.
    pub async fn for_exchange(app: &App, case: &Case, now: Timestamp) -> Result<Self, ServiceError> {
        let patient = app
            .store
            .reader()
            .patient(case.consultation.patient)
            .await?
            .ok_or(ServiceError::NotFound)?;
        Ok(Self {
            known: Some(known(&patient, case)?),
            profile: patients::profile(patient.identity.expose(), Profile::Exchange, now),
        })
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
