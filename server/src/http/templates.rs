//! `/api/v1/opinion-templates`.

use axum::extract::State;
use consilium_protocol::{Problem, room::OpinionTemplate};

use crate::{ctx::Ctx, http::extract::Json, services::templates, state::App};

/// Skeletons of opinions, those of the caller's department first.
#[utoipa::path(get, path = "/api/v1/opinion-templates", tag = "session", responses(
    (status = 200, description = "Templates in both languages", body = Vec<OpinionTemplate>),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn list(State(app): State<App>, ctx: Ctx) -> Json<Vec<OpinionTemplate>> {
    Json(templates::list(&app, &ctx))
}
