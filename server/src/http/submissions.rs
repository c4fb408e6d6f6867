//! `/api/v1/consultations/{id}/submissions` and the versions of rows.

use axum::{
    body::Bytes,
    extract::{FromRequestParts, Path, Query, State},
    response::{IntoResponse, Response},
};
use consilium_domain::{ConsultationId, DataRequestId, ItemId, SubmissionId};
use consilium_protocol::{
    Problem,
    preparation::{Item, Submission, SubmissionInput},
};
use http::{StatusCode, header, request::Parts};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::extract::Json,
    services::submissions::{self, Media},
    state::App,
};

/// What a file answers; JSON says it in its body.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Answers {
    /// The data request it answers; absent for data the lead collects itself, for corrections, and in the
    /// session.
    pub request_id: Option<DataRequestId>,
}

/// The form of the rows, by `Content-Type`; 415 for any other.
pub struct Form(Media);

impl FromRequestParts<App> for Form {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Response> {
        let full = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        Media::of(full)
            .map(Self)
            .ok_or_else(|| StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response())
    }
}

/// Submissions: what the caller's institution gave; for the lead also what it has received. Each with the
/// rows in which something was found.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/submissions", tag = "data", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "In the order of coming", body = Vec<Submission>),
    (status = 403, description = "`consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<Submission>>, ServiceError> {
    submissions::list(&app, &ctx, id).await.map(Json)
}

/// Gives data (clauses 7.2 d and f): JSON, `application/x-ndjson` (one row a line), `text/csv` (see
/// `docs/data-files.md`) or a FHIR R4 bundle as `application/fhir+json` or `application/fhir+xml`. Rows are
/// brought into the standard spelling, checked, masked and stored one by one: a wrong row is named and keeps
/// no other out. The same row again stores nothing; other content under the same key is a new version.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/submissions", tag = "data", params(("id" = ConsultationId, Path), Answers),
    request_body = SubmissionInput, responses(
    (status = 201, description = "What was stored and what not, row by row", body = Submission),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`submission.no_consent`, `submission.wrong_state`, `submission.out_of_range`, \
        `submission.request_needed`, `data_request.wrong_state`", body = Problem),
    (status = 415, description = "`request.media_type`", body = Problem),
    (status = 422, description = "`submission.other_patient`, `submission.empty`, `submission.too_many_rows`, \
        `submission.file_unreadable`, `submission.column_unknown`", body = Problem)))]
pub async fn submit(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Query(answers): Query<Answers>,
    Form(media): Form,
    body: Bytes,
) -> Result<(StatusCode, Json<Submission>), ServiceError> {
    let given = submissions::submit(&app, &ctx, id, media, answers.request_id, body).await?;
    Ok((StatusCode::CREATED, Json(given)))
}

/// One submission with all its rows.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/submissions/{submission}", tag = "data",
    params(("id" = ConsultationId, Path), ("submission" = SubmissionId, Path)), responses(
    (status = 200, description = "The submission", body = Submission),
    (status = 403, description = "`consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, submission)): Path<(ConsultationId, SubmissionId)>,
) -> Result<Json<Submission>, ServiceError> {
    submissions::read(&app, &ctx, id, submission).await.map(Json)
}

/// Every version of a row, oldest first: for its source, and for the lead as far as it was released.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/items/{item}/versions", tag = "data",
    params(("id" = ConsultationId, Path), ("item" = ItemId, Path)), responses(
    (status = 200, description = "Versions", body = Vec<Item>),
    (status = 403, description = "`consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn versions(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, item)): Path<(ConsultationId, ItemId)>,
) -> Result<Json<Vec<Item>>, ServiceError> {
    submissions::item_versions(&app, &ctx, id, item).await.map(Json)
}
