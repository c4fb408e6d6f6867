//! Invented patients as the store keeps them.

use anyhow::{Context as _, Result};
use consilium_domain::{Clear, InstitutionId, PatientId, Timestamp};
use consilium_protocol::consultation::PatientInput;
use consilium_storage::{Patient, PatientIdentity};
use uuid::Uuid;

/// The patient of a form, admitted by `institution` at `at`.
pub(crate) fn admitted(
    person: &PatientInput,
    institution: InstitutionId,
    platform_id: String,
    at: Timestamp,
) -> Result<Patient> {
    Ok(Patient {
        id: PatientId(Uuid::now_v7()),
        institution,
        platform_id,
        identity: Clear::new(PatientIdentity {
            name: person.name.clone(),
            id_number: person.id_number.clone(),
            other_number: String::new(),
            birth_date: person.birth_date,
            phone: person.phone.clone(),
            ethnicity: person.ethnicity.clone(),
            native_place: person.native_place.clone(),
            address: person.address.clone(),
            record_number: person.record_number.clone(),
            infectious: false,
        }),
        sex: person.sex.context("a sex")?,
        created_at: at,
    })
}
