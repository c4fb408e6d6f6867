//! `/api/v1/consultations` and its transitions.

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
};
use consilium_domain::{ConsultationId, consultation::Command};
use consilium_interop::fhir::Media;
use consilium_protocol::{
    Problem,
    consultation::{
        AnswerInput, Consultation, ConsultationInput, FhirImport, InstitutionReason, ReadyInput, Reason,
        RescheduleInput,
    },
    session::Institution,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::extract::{Json, OptionalJson},
    services::{consultations, fhir, invitations, views},
    state::App,
};

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Page {
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Rows, at most 200.
    pub limit: Option<u32>,
}

/// The version a form was read at.
#[derive(Debug, Deserialize, IntoParams)]
pub struct AtVersion {
    /// `version` of the consultation as read.
    pub version: i64,
}

/// Saves a new draft; the system issues its number (clause 7.2 a).
#[utoipa::path(post, path = "/api/v1/consultations", tag = "consultations", request_body = ConsultationInput, responses(
    (status = 201, description = "The draft", body = Consultation),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 422, description = "`request.invalid`: every wrong field is named", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    ctx: Ctx,
    Json(input): Json<ConsultationInput>,
) -> Result<(StatusCode, Json<Consultation>), ServiceError> {
    let created = consultations::create(&app, &ctx, input).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// One consultation with the masked patient, clinical data and opinions.
#[utoipa::path(get, path = "/api/v1/consultations/{id}", tag = "consultations", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The consultation", body = Consultation),
    (status = 404, description = "`not_found`: not there for the caller", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::read_audited(&app, &ctx, id).await.map(Json)
}

/// Replaces a draft.
#[utoipa::path(put, path = "/api/v1/consultations/{id}", tag = "consultations", params(("id" = ConsultationId, Path), AtVersion),
    request_body = ConsultationInput, responses(
    (status = 200, description = "The changed draft", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state` or `conflict`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem)))]
pub async fn edit(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Query(at): Query<AtVersion>,
    Json(input): Json<ConsultationInput>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::edit(&app, &ctx, id, at.version, input)
        .await
        .map(Json)
}

/// Sends the invitations (clause 7.2 b).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/invite", tag = "consultations", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Invitations sent", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `consultation.no_consent`, `consultation.too_few_participants`, `consultation.form_incomplete` with each element", body = Problem)))]
pub async fn invite(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::invite(&app, &ctx, id).await.map(Json)
}

/// Answers the own institution's invitation (clause 7.2 c). The body is empty after a refusal, since
/// the consultation is then no longer the caller's to see.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/answer", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = AnswerInput, responses(
    (status = 200, description = "Answered; the answer is on its way to the lead", body = Option<Consultation>),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`invitation.wrong_state`, `invitation.too_late`, `invitation.no_range`, `invitation.no_reason`", body = Problem)))]
pub async fn answer(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(given): Json<AnswerInput>,
) -> Result<Json<Option<Consultation>>, ServiceError> {
    invitations::answer(&app, &ctx, id, given).await.map(Json)
}

/// Declares the case ready. Where nothing is frozen yet, the case package is built and frozen first; with
/// an incomplete one a reason is needed (clauses 4.2.1 a and 7.2 g).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/ready", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = Option<ReadyInput>, responses(
    (status = 200, description = "Ready", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `consultation.answers_pending`, `consultation.too_few_participants`, `package.not_frozen`, `package.incomplete`, `package.issues_open`", body = Problem)))]
pub async fn ready(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    OptionalJson(input): OptionalJson<ReadyInput>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::ready(&app, &ctx, id, &input.override_reason)
        .await
        .map(Json)
}

/// Chooses a new time.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/reschedule", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = RescheduleInput, responses(
    (status = 200, description = "Everyone who has accepted is asked to confirm the new time", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `field.past`", body = Problem),
    (status = 422, description = "`request.invalid`: a reason is needed", body = Problem)))]
pub async fn reschedule(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<RescheduleInput>,
) -> Result<Json<Consultation>, ServiceError> {
    invitations::reschedule(&app, &ctx, id, input).await.map(Json)
}

/// Takes the own institution's acceptance back before the session.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/withdraw", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = Reason, responses(
    (status = 204, description = "Withdrawn; the lead is told"),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`invitation.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`: a reason is needed", body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(reason): Json<Reason>,
) -> Result<StatusCode, ServiceError> {
    invitations::withdraw(&app, &ctx, id, &reason.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an unanswered invitation back.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/revoke", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = InstitutionReason, responses(
    (status = 200, description = "Taken back; the institution is told", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`invitation.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`: unknown institution or no reason", body = Problem)))]
pub async fn revoke(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<InstitutionReason>,
) -> Result<Json<Consultation>, ServiceError> {
    invitations::revoke(&app, &ctx, id, input.institution_id, &input.reason)
        .await
        .map(Json)
}

/// Invites one institution while others already prepare: again, or a new one.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/reinvite", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = InstitutionReason, responses(
    (status = 200, description = "Invited", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`invitation.wrong_state`, `consultation.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`: unknown institution", body = Problem)))]
pub async fn reinvite(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<InstitutionReason>,
) -> Result<Json<Consultation>, ServiceError> {
    invitations::reinvite(&app, &ctx, id, input.institution_id)
        .await
        .map(Json)
}

/// Starts the session (clause 7.3 a).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/start", tag = "consultations", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "In session", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state` or `consultation.outside_start_window`", body = Problem)))]
pub async fn start(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::conduct(&app, &ctx, id, Command::Start, "")
        .await
        .map(Json)
}

/// Interrupts the session, with a reason if there is one. It stays in session; nobody annotates, discusses or
/// presents, own drafts and notes go on, the clocks of questions stand still.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/pause", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = Option<Reason>, responses(
    (status = 200, description = "Paused", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, or `session.paused`", body = Problem)))]
pub async fn pause(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    OptionalJson(reason): OptionalJson<Reason>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::conduct(&app, &ctx, id, Command::Pause, &reason.reason)
        .await
        .map(Json)
}

/// Goes on after a pause.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/resume", tag = "consultations", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Goes on", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, or `session.not_paused`", body = Problem)))]
pub async fn resume(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::conduct(&app, &ctx, id, Command::Continue, "")
        .await
        .map(Json)
}

/// Ends the session.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/end", tag = "consultations", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Being summed up", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, the state is named", body = Problem)))]
pub async fn end(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::conduct(&app, &ctx, id, Command::End, "")
        .await
        .map(Json)
}

/// Gives up before a conclusion, with a reason.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/cancel", tag = "consultations", params(("id" = ConsultationId, Path)),
    request_body = Reason, responses(
    (status = 200, description = "Cancelled", body = Consultation),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`: a reason is needed", body = Problem)))]
pub async fn cancel(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(reason): Json<Reason>,
) -> Result<Json<Consultation>, ServiceError> {
    consultations::conduct(&app, &ctx, id, Command::Cancel, &reason.reason)
        .await
        .map(Json)
}

/// Institutions that the caller's institution can invite.
#[utoipa::path(get, path = "/api/v1/institutions", tag = "institutions", responses(
    (status = 200, description = "Institutions", body = Vec<Institution>),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn institutions(State(app): State<App>, ctx: Ctx) -> Result<Json<Vec<Institution>>, ServiceError> {
    Ok(Json(
        views::Directory::load(&app).await?.invitable(ctx.institution.id),
    ))
}

/// Reads a FHIR R4 bundle, JSON or XML, into the request form. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/consultations/import/fhir", tag = "consultations",
    request_body(content = String, content_type = "application/fhir+json"), responses(
    (status = 200, description = "The form as far as the bundle fills it", body = FhirImport),
    (status = 422, description = "`fhir.not_bundle`, or `fhir.incomplete` with each missing element", body = Problem)))]
pub async fn import_fhir(
    State(app): State<App>,
    ctx: Ctx,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<FhirImport>, ServiceError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media = content_type.and_then(Media::of).unwrap_or(Media::Json);
    fhir::import(&app, &ctx, media, body).await.map(Json)
}
