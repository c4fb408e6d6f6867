//! `/api/v1/consultations/{id}/opinions`.

use axum::extract::{Path, State};
use consilium_domain::{ConsultationId, OpinionId};
use consilium_protocol::{
    Problem,
    consultation::{Opinion, OpinionInput},
};
use http::StatusCode;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::opinions, state::App};

/// Submits the caller's opinion, signed and unchangeable (clause 7.3 d). A later one names the version it takes
/// the place of in `supersedes`, unless that was taken up again by `revise`; old versions stay readable.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/opinions", tag = "opinions", params(("id" = ConsultationId, Path)),
    request_body = OpinionInput, responses(
    (status = 201, description = "The signed opinion", body = Opinion),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `opinion.submitted`, `opinion.not_newest`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem)))]
pub async fn submit(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<OpinionInput>,
) -> Result<(StatusCode, Json<Opinion>), ServiceError> {
    let opinion = opinions::submit(&app, &ctx, id, input).await?;
    Ok((StatusCode::CREATED, Json(opinion)))
}

/// Takes the caller's signed opinion up again: the draft in the room can be written, and the next submission is
/// a new version.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/opinions/{opinion}/revise", tag = "opinions",
    params(("id" = ConsultationId, Path), ("opinion" = OpinionId, Path)), responses(
    (status = 200, description = "The signed opinion, in revision", body = Opinion),
    (status = 403, description = "`forbidden`: somebody else's", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `opinion.not_newest`, `opinion.in_revision`", body = Problem)))]
pub async fn revise(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, opinion)): Path<(ConsultationId, OpinionId)>,
) -> Result<Json<Opinion>, ServiceError> {
    opinions::revise(&app, &ctx, id, opinion).await.map(Json)
}
