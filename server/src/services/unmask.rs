//! Looking at one field of a patient's identity in clear: for the institution that holds it, with a reason,
//! audited, and a bounded number of times (clause 8.3).

use consilium_domain::{ConsultationId, permission::Action};
use consilium_protocol::{
    codes, limits,
    masking::{UnmaskField, UnmaskInput, Unmasked},
};
use consilium_storage::{PatientIdentity, Unmasking};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, consultations, patients},
    state::App,
};

/// The span over which looks are counted, ms.
const COUNTED_MS: i64 = 60 * 60 * 1000;

/// The field in clear.
///
/// # Errors
/// Not the caller's patient (403 or 404), no reason (422), too many within an hour (429, with an alarm in the
/// audit log), nothing there (409).
pub async fn unmask(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: UnmaskInput,
) -> Result<Unmasked, ServiceError> {
    let case = access::open(app, ctx, id, Action::Unmask).await?;
    let mut check = patients::Check::default();
    check.required("reason", &input.reason, limits::REASON_CHARS);
    check.finish()?;
    let (field, purpose) = (input.field, input.purpose);
    let action = format!("patient.unmask.{}", field.code());
    let target = format!("patient/{}/{}", case.consultation.patient, purpose.code());

    let mut tx = app.store.begin().await?;
    consultations::lock(&mut tx, id).await?;
    let since = ctx.now().plus_ms(-COUNTED_MS);
    if tx.count_unmaskings(ctx.account.id, since).await? >= limits::UNMASKINGS_PER_HOUR {
        tx.audit(ctx.event(&action, target.clone(), codes::UNMASK_LIMIT, Some(id)))
            .await?;
        tx.audit(ctx.event("alarm.unmask_limit", target, codes::UNMASK_LIMIT, Some(id)))
            .await?;
        tx.commit().await?;
        metrics::counter!("consilium_alarms_total", "kind" => "unmask_limit").increment(1);
        tracing::warn!(account.id = %ctx.account.id, consultation.id = %id, "too many looks at identity in clear");
        return Err(ServiceError::Limited(codes::UNMASK_LIMIT));
    }
    let patient = tx
        .patient(case.consultation.patient)
        .await?
        .ok_or(ServiceError::NotFound)?;
    // The right to act here is the lead's; the identity must also be the lead's own record.
    if patient.institution != ctx.institution.id {
        drop(tx);
        access::refuse(app, ctx, "Unmask", id, Some(id), codes::FORBIDDEN).await?;
        return Err(ServiceError::Forbidden);
    }
    let value = value(patient.identity.expose(), field);
    let result = if value.is_empty() {
        codes::UNMASK_EMPTY
    } else {
        "ok"
    };
    tx.insert_unmasking(&Unmasking {
        id: Uuid::now_v7(),
        account: ctx.account.id,
        consultation: id,
        field: field.code().to_owned(),
        purpose: purpose.code().to_owned(),
        reason: consilium_domain::Clear::new(input.reason.trim().to_owned()),
        at: ctx.now(),
    })
    .await?;
    tx.audit(ctx.event(&action, target, result, Some(id))).await?;
    tx.commit().await?;
    if value.is_empty() {
        return Err(ServiceError::Refused {
            code: codes::UNMASK_EMPTY,
            state: None,
            errors: Vec::new(),
        });
    }
    Ok(Unmasked {
        field,
        value,
        expires_at: ctx.now().plus_ms(limits::UNMASKED_SHOWN_MS),
    })
}

fn value(identity: &PatientIdentity, field: UnmaskField) -> String {
    match field {
        UnmaskField::Name => &identity.name,
        UnmaskField::Number if identity.id_number.is_empty() => &identity.other_number,
        UnmaskField::Number => &identity.id_number,
        UnmaskField::Phone => &identity.phone,
        UnmaskField::Address => &identity.address,
    }
    .clone()
}
