//! `/api/v1/transfers`: deliveries of exchange messages (clause 7.5 a).

use axum::extract::{Path, Query, State};
use consilium_domain::{MessageId, TransferState};
use consilium_protocol::{Problem, consultation::Reason, exchange::TransferList};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{ctx::Ctx, error::ServiceError, exchange::transfers, http::extract::Json, state::App};

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Filter {
    /// Only in this state: `failed` gives the parked ones.
    pub state: Option<TransferState>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What the caller's institution sends to others, newest first.
#[utoipa::path(get, path = "/api/v1/transfers", tag = "exchange", params(Filter), responses(
    (status = 200, description = "A page of deliveries", body = TransferList),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 422, description = "`request.invalid`: the cursor is not one of ours", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Query(filter): Query<Filter>,
) -> Result<Json<TransferList>, ServiceError> {
    transfers::list(&app, &ctx, filter.state, filter.cursor.as_deref())
        .await
        .map(Json)
}

/// Starts a new run of a parked message: the same id, its tries counted anew.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/resend", tag = "exchange", params(("id" = MessageId, Path)), responses(
    (status = 204, description = "On its way"),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`transfer.wrong_state`: it is not parked", body = Problem)))]
pub async fn resend(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<MessageId>,
) -> Result<StatusCode, ServiceError> {
    transfers::resend(&app, &ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a parked message up; those behind it go on.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/abandon", tag = "exchange", params(("id" = MessageId, Path)),
    request_body = Reason, responses(
    (status = 204, description = "Given up"),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`transfer.wrong_state`: it is not parked", body = Problem),
    (status = 422, description = "`request.invalid`: no reason", body = Problem)))]
pub async fn abandon(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<MessageId>,
    Json(reason): Json<Reason>,
) -> Result<StatusCode, ServiceError> {
    transfers::abandon(&app, &ctx, id, &reason.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
