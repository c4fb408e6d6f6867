//! `GET /api/v1/experts`.

use axum::extract::{Query, State};
use consilium_domain::ConsultationId;
use consilium_protocol::{Problem, preparation::Expert};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::accounts, state::App};

/// For which consultation.
#[derive(Debug, Deserialize, IntoParams)]
pub struct For {
    /// Marks those who are named in another consultation at the same time.
    #[serde(default)]
    pub consultation: Option<ConsultationId>,
}

/// The experts of the caller's institution, to be named in an answer.
#[utoipa::path(get, path = "/api/v1/experts", tag = "session", params(For), responses(
    (status = 200, description = "Experts", body = Vec<Expert>),
    (status = 404, description = "`not_found`: no such consultation for the caller", body = Problem)))]
pub async fn experts(
    State(app): State<App>,
    ctx: Ctx,
    Query(wanted): Query<For>,
) -> Result<Json<Vec<Expert>>, ServiceError> {
    accounts::list(&app, &ctx, wanted.consultation).await.map(Json)
}
