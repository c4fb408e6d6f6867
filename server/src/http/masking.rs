//! `/api/v1/masking-rules` and `/api/v1/consultations/{id}/unmask`.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use consilium_domain::{ConsultationId, masking::RuleSet};
use consilium_protocol::{
    Problem,
    masking::{UnmaskInput, Unmasked},
};
use http::header;

use crate::{ctx::Ctx, error::ServiceError, http::extract::Json, services::unmask, state::App};

/// The masking rules of this platform, as published: one document with its version. The entity tag is the
/// SHA-256 over its canonical bytes, which every exchange message carries (clause 8.3.1).
#[utoipa::path(get, path = "/api/v1/masking-rules", tag = "masking", responses(
    (status = 200, description = "The rule set, JSON", content_type = "application/json", body = String,
        headers(("ETag" = String, description = "SHA-256 of the canonical document, hexadecimal, quoted"))),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn rules(_ctx: Ctx) -> Response {
    let rules = RuleSet::builtin();
    (
        [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (header::ETAG, format!("\"{}\"", rules.hash())),
        ],
        rules.published().to_owned(),
    )
        .into_response()
}

/// Shows one field of the patient's identity in clear, once, to the institution that holds it. Needs a
/// reason; every look is audited and their number is bounded (clause 8.3).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/unmask", tag = "masking", params(("id" = ConsultationId, Path)),
    request_body = UnmaskInput, responses(
    (status = 200, description = "The field in clear, to be hidden again at `expires_at`", body = Unmasked),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`unmask.empty`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem),
    (status = 429, description = "`unmask.limit`", body = Problem)))]
pub async fn unmask(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<UnmaskInput>,
) -> Result<Json<Unmasked>, ServiceError> {
    Ok(Json(unmask::unmask(&app, &ctx, id, input).await?))
}
