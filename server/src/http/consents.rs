//! Informed consent (clause 8.3.2).

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use consilium_domain::ConsultationId;
use consilium_protocol::{
    Problem,
    consultation::Reason,
    preparation::{ConsentInput, ConsentRecord, ConsentText},
};
use http::header;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::consents, state::App};

/// The consent of a consultation, the guardian masked.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/consent", tag = "consent", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The consent; state `draft` when none is recorded", body = ConsentRecord),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<ConsentRecord>, ServiceError> {
    consents::read(&app, &ctx, id).await.map(Json)
}

/// Records what the patient or guardian said: `proposed`, `active` (signed) or `rejected`. Under 14 a
/// guardian signs, named with the relation.
#[utoipa::path(put, path = "/api/v1/consultations/{id}/consent", tag = "consent", params(("id" = ConsultationId, Path)),
    request_body = ConsentInput, responses(
    (status = 200, description = "The consent", body = ConsentRecord),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consent.wrong_state`; `consultation.wrong_state`: it is over", body = Problem),
    (status = 422, description = "`request.invalid`: `consent.purpose`, `person.guardian_required`, ...", body = Problem)))]
pub async fn put(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<ConsentInput>,
) -> Result<Json<ConsentRecord>, ServiceError> {
    consents::put(&app, &ctx, id, input).await.map(Json)
}

/// Takes the consent back: nothing more is collected, no other institution reads any longer.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/consent/withdraw", tag = "consent", params(("id" = ConsultationId, Path)),
    request_body = Reason, responses(
    (status = 200, description = "The consent", body = ConsentRecord),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consent.wrong_state`: none is in force", body = Problem),
    (status = 422, description = "`request.invalid`: a reason is needed", body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(reason): Json<Reason>,
) -> Result<Json<ConsentRecord>, ServiceError> {
    consents::withdraw(&app, &ctx, id, &reason.reason).await.map(Json)
}

/// Keeps the scanned form: PDF, PNG or JPEG, whatever the sender calls it, at most 20 MB.
#[utoipa::path(put, path = "/api/v1/consultations/{id}/consent/form", tag = "consent", params(("id" = ConsultationId, Path)),
    request_body(content = Vec<u8>, content_type = "application/pdf"), responses(
    (status = 200, description = "The consent with the form's SHA-256", body = ConsentRecord),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consent.wrong_state`: no consent is recorded", body = Problem),
    (status = 413, description = "`request.too_large`", body = Problem),
    (status = 422, description = "`consent.form_type`", body = Problem)))]
pub async fn put_form(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    bytes: Bytes,
) -> Result<Json<ConsentRecord>, ServiceError> {
    consents::put_form(&app, &ctx, id, bytes).await.map(Json)
}

/// The scanned form, as a file to save.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/consent/form", tag = "consent", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The form", body = Vec<u8>, content_type = "application/pdf"),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`, or none was kept", body = Problem)))]
pub async fn form(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Response, ServiceError> {
    let (media, bytes) = consents::form(&app, &ctx, id).await?;
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// The published texts of consent, the newest last.
#[utoipa::path(get, path = "/api/v1/consent-texts", tag = "consent", responses(
    (status = 200, description = "Texts in both languages", body = Vec<ConsentText>),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn texts(State(_): State<App>, _ctx: Ctx) -> Json<Vec<ConsentText>> {
    Json(consents::texts::all().to_vec())
}
