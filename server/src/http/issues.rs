//! `/api/v1/consultations/{id}/issues`.

use axum::extract::{Path, State};
use consilium_domain::{ConsultationId, IssueId};
use consilium_protocol::{
    Problem,
    consultation::Reason,
    preparation::{Issue, IssueInput},
};
use http::StatusCode;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::issues, state::App};

/// Correction notices: all for the lead, for a participant those about its data and those it raised.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/issues", tag = "data", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "In the order of raising", body = Vec<Issue>),
    (status = 403, description = "`consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<Issue>>, ServiceError> {
    issues::list(&app, &ctx, id).await.map(Json)
}

/// Asks the source of a row to correct an element within its term (clause 7.5 b).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/issues", tag = "data", params(("id" = ConsultationId, Path)),
    request_body = IssueInput, responses(
    (status = 201, description = "The notice", body = Issue),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`issue.open_already`, `issue.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem)))]
pub async fn raise(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<IssueInput>,
) -> Result<(StatusCode, Json<Issue>), ServiceError> {
    let raised = issues::raise(&app, &ctx, id, input).await?;
    Ok((StatusCode::CREATED, Json(raised)))
}

/// `verify`, `reject` or `waive` a correction; the last two with a reason. Correcting is sending the row
/// again under its key.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/issues/{issue}/{verb}", tag = "data",
    params(("id" = ConsultationId, Path), ("issue" = IssueId, Path), ("verb" = String, Path)),
    request_body = Reason, responses(
    (status = 200, description = "The notice as it stands now", body = Issue),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`issue.wrong_state`", body = Problem),
    (status = 422, description = "`request.invalid`: a reason is needed", body = Problem)))]
pub async fn act(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, issue, verb)): Path<(ConsultationId, IssueId, String)>,
    Json(body): Json<Reason>,
) -> Result<Json<Issue>, ServiceError> {
    let command = issues::command(&verb)?;
    issues::act(&app, &ctx, id, issue, command, &body.reason)
        .await
        .map(Json)
}
