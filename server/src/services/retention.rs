//! After a consultation is over: what need not stay is removed (clause 8.3.1). What goes and what the law
//! keeps is written down in `docs/masking.md`.

use consilium_domain::{
    Clear, ConsultationId, ConsultationState, Timestamp,
    masking::{Profile, RuleSet},
};
use consilium_protocol::limits;
use consilium_storage::{AuditEntry, PatientIdentity};

use crate::{error::ServiceError, services::patients, state::App};

/// A day, ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Reduces cases that have been over for the configured number of days, at most
/// [`limits::REDUCTIONS_BATCH`]; the next call goes on. Nothing is done twice. Tells how many were reduced.
///
/// # Errors
/// The store fails; what was done before stays done.
pub async fn run(app: &App) -> Result<u64, ServiceError> {
    let before = app
        .now()
        .plus_ms(-DAY_MS.saturating_mul(app.retention.days.into()));
    let due = app
        .store
        .reader()
        .reducible(before, limits::REDUCTIONS_BATCH)
        .await?;
    let mut reduced = 0;
    for id in due {
        reduced += u64::from(reduce(app, id, before).await?);
    }
    Ok(reduced)
}

/// One case, in one transaction; false when it is no longer due.
async fn reduce(app: &App, id: ConsultationId, before: Timestamp) -> Result<bool, ServiceError> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let mut consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let over = matches!(
        consultation.state,
        ConsultationState::Concluded | ConsultationState::Archived | ConsultationState::Cancelled
    );
    if !over || consultation.updated_at > before || tx.reduced_at(id).await?.is_some() {
        return Ok(false);
    }
    let mut patient = tx
        .patient(consultation.patient)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let cancelled = consultation.state == ConsultationState::Cancelled;
    let profile = patients::profile(patient.identity.expose(), Profile::Exchange, now);
    let kept = kept(patient.identity.expose(), cancelled, profile);
    patient.identity = Clear::new(kept);
    tx.update_patient(&patient).await?;
    // The guardian's name and relation prove the consent; the phone was for the days of the consultation.
    let phone = consultation
        .consent
        .as_mut()
        .and_then(|consent| consent.pointer_mut("/guardian/phone"));
    if let Some(phone) = phone {
        *phone = serde_json::Value::String(String::new());
        let version = consultation.version;
        tx.update_consultation(&consultation, version).await?;
    }
    tx.insert_reduction(id, now).await?;
    tx.audit(AuditEntry {
        device: "server".to_owned(),
        consultation: Some(id),
        ..crate::admin::event(now, "retention.reduce", format!("consultation/{id}"), "")
    })
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// What stays of an identity. Of a concluded case: what finds the right chart and proves whose report it is.
/// Of a cancelled one there is no report: the masked name and what is no identity.
fn kept(identity: &PatientIdentity, cancelled: bool, profile: Profile) -> PatientIdentity {
    let reduced = PatientIdentity {
        phone: String::new(),
        address: String::new(),
        native_place: String::new(),
        ..identity.clone()
    };
    if !cancelled {
        return reduced;
    }
    PatientIdentity {
        name: RuleSet::builtin().name(profile, &identity.name).get().clone(),
        id_number: String::new(),
        other_number: String::new(),
        birth_date: None,
        record_number: String::new(),
        ..reduced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consilium_domain::person::BirthDate;

    fn identity() -> PatientIdentity {
        PatientIdentity {
            name: "王小明".to_owned(),
            id_number: "11010519491231002X".to_owned(),
            other_number: String::new(),
            birth_date: BirthDate::parse("1949-12-31").ok(),
            phone: "13812341234".to_owned(),
            ethnicity: "汉族".to_owned(),
            native_place: "山东济南".to_owned(),
            address: "浙江省杭州市西湖区文三路100号".to_owned(),
            record_number: "ZY001".to_owned(),
            infectious: true,
        }
    }

    #[test]
    fn a_report_keeps_its_patient_and_a_cancelled_case_only_the_masked_name() {
        let concluded = kept(&identity(), false, Profile::Exchange);
        assert_eq!(
            (concluded.name.as_str(), concluded.id_number.as_str()),
            ("王小明", "11010519491231002X")
        );
        assert_eq!(concluded.record_number, "ZY001");
        assert_eq!(concluded.phone + &concluded.address + &concluded.native_place, "");
        let cancelled = kept(&identity(), true, Profile::Strict);
        assert_eq!(cancelled.name, "王**");
        assert_eq!(
            cancelled.id_number + &cancelled.record_number + &cancelled.phone,
            ""
        );
        assert_eq!(cancelled.birth_date, None);
        assert!(cancelled.infectious);
    }
}
