//! `/api/v1/consultations/{id}/data-requests`.

use axum::extract::{Path, State};
use consilium_domain::{ConsultationId, DataRequestId};
use consilium_protocol::{
    Problem,
    consultation::Reason,
    preparation::{DataRequest, RequestInput},
};
use http::StatusCode;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::requests, state::App};

/// Data requests: all for the lead, the own ones for a participant (clauses 7.2 e and f).
#[utoipa::path(get, path = "/api/v1/consultations/{id}/data-requests", tag = "data", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "In the order of writing", body = Vec<DataRequest>),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<DataRequest>>, ServiceError> {
    requests::list(&app, &ctx, id).await.map(Json)
}

/// Asks one participant for data, item by item (clause 7.2 e).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/data-requests", tag = "data", params(("id" = ConsultationId, Path)),
    request_body = RequestInput, responses(
    (status = 201, description = "The request, sent or kept as draft", body = DataRequest),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 422, description = "`request.invalid`: every wrong field is named", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<RequestInput>,
) -> Result<(StatusCode, Json<DataRequest>), ServiceError> {
    let created = requests::create(&app, &ctx, id, input).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Moves a data request on: `send`, `accept`, `return`, `cancel` by the lead; `verify`, `refuse`, `extract`,
/// `submit` by the participant. Refusing, returning and cancelling need a reason.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/data-requests/{request}/{verb}", tag = "data",
    params(("id" = ConsultationId, Path), ("request" = DataRequestId, Path), ("verb" = String, Path)),
    request_body = Reason, responses(
    (status = 200, description = "The request as it stands now", body = DataRequest),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`data_request.wrong_state`, or the ground on which it is not legitimate: \
        `data_request.not_party`, `data_request.wrong_consultation_state`, `data_request.no_consent`, \
        `data_request.purpose`, `data_request.out_of_range`; `submission.nothing_to_release`", body = Problem),
    (status = 422, description = "`request.invalid`: a reason is needed", body = Problem)))]
pub async fn act(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, request, verb)): Path<(ConsultationId, DataRequestId, String)>,
    Json(body): Json<Reason>,
) -> Result<Json<DataRequest>, ServiceError> {
    let command = requests::command(&verb)?;
    requests::act(&app, &ctx, id, request, command, &body.reason)
        .await
        .map(Json)
}
