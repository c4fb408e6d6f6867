//! `/api/v1/exchange`: stopping the exchange after a fault and taking it up again (clause 7.5 c).

use axum::extract::State;
use consilium_protocol::{Problem, consultation::Reason, notice::ExchangeStatus};

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::suspension, state::App};

/// Whether data is exchanged.
#[utoipa::path(get, path = "/api/v1/exchange", tag = "exchange", responses(
    (status = 200, description = "Whether it is suspended, and since when", body = ExchangeStatus)))]
pub async fn status(State(app): State<App>, ctx: Ctx) -> Result<Json<ExchangeStatus>, ServiceError> {
    suspension::status(&app, &ctx).await.map(Json)
}

/// Suspends the exchange: nothing is sent, all clocks stand still. By those who run the system.
#[utoipa::path(post, path = "/api/v1/exchange/suspend", tag = "exchange", request_body = Reason, responses(
    (status = 200, description = "Suspended", body = ExchangeStatus),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 409, description = "`exchange.suspended`", body = Problem),
    (status = 422, description = "`request.invalid`: no reason", body = Problem)))]
pub async fn suspend(
    State(app): State<App>,
    ctx: Ctx,
    Json(reason): Json<Reason>,
) -> Result<Json<ExchangeStatus>, ServiceError> {
    suspension::suspend(&app, &ctx, &reason.reason).await.map(Json)
}

/// Takes the exchange up again where it stopped. By those who run the system.
#[utoipa::path(post, path = "/api/v1/exchange/resume", tag = "exchange", responses(
    (status = 200, description = "It goes on", body = ExchangeStatus),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 409, description = "`exchange.not_suspended`", body = Problem)))]
pub async fn resume(State(app): State<App>, ctx: Ctx) -> Result<Json<ExchangeStatus>, ServiceError> {
    suspension::resume(&app, &ctx).await.map(Json)
}
