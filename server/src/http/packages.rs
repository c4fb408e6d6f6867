//! Case packages, the quality of the data, and the dictionary it is checked against.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use consilium_domain::{ConsultationId, element::Dictionary};
use consilium_protocol::{
    Problem,
    preparation::{Package, PackageSummary, QualityReport},
};
use http::header;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::{
        extract::Json,
        negotiate::{Form, Shown},
    },
    services::packages,
    state::App,
};

/// The newest version of the package the caller may see. Before the session a participant sees of a frozen
/// version what it gave itself; from the session on, all of it.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/package", tag = "packages", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The package", content((Package = "application/json"), (String = "application/xml"))),
    (status = 403, description = "`forbidden`, or `consultation.no_consent`: consent has ended", body = Problem),
    (status = 404, description = "`not_found`: not there for the caller, or nothing is frozen yet", body = Problem)))]
pub async fn newest(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    form: Form,
) -> Result<Shown<Package>, ServiceError> {
    packages::read(&app, &ctx, id, None)
        .await
        .map(|package| form.show("package", package))
}

/// The versions of the package, newest first.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/packages", tag = "packages", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Versions", body = Vec<PackageSummary>),
    (status = 403, description = "`forbidden` or `consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<PackageSummary>>, ServiceError> {
    packages::list(&app, &ctx, id).await.map(Json)
}

/// One version of the package.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/packages/{version}", tag = "packages",
    params(("id" = ConsultationId, Path), ("version" = i32, Path, description = "From 1")), responses(
    (status = 200, description = "The version", content((Package = "application/json"), (String = "application/xml"))),
    (status = 403, description = "`forbidden` or `consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn version(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, version)): Path<(ConsultationId, i32)>,
    form: Form,
) -> Result<Shown<Package>, ServiceError> {
    let package = packages::read(&app, &ctx, id, Some(version)).await?;
    Ok(form.show("package", package))
}

/// The manifest of a frozen version: every row with source, times, version and hash, every image series with
/// its digest. The SHA-256 of these bytes is the version's `manifest_hash`.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/packages/{version}/manifest", tag = "packages",
    params(("id" = ConsultationId, Path), ("version" = i32, Path, description = "From 1")), responses(
    (status = 200, description = "Canonical JSON: no white space, members by name", content_type = "application/json"),
    (status = 403, description = "`forbidden` or `consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`, or not frozen", body = Problem)))]
pub async fn manifest(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, version)): Path<(ConsultationId, i32)>,
) -> Result<Response, ServiceError> {
    let manifest = packages::manifest(&app, &ctx, id, version).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], manifest).into_response())
}

/// Merges and counts the data as it is now (clauses 4.2.1 and 7.2 g).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/package/validate", tag = "packages", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The checked version", body = Package),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`package.wrong_state`: frozen and unchanged since; `consultation.wrong_state`; `consultation.no_consent`", body = Problem)))]
pub async fn validate(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Package>, ServiceError> {
    packages::validate(&app, &ctx, id).await.map(Json)
}

/// Fixes the checked version under the hash of its manifest and tells the participants.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/package/freeze", tag = "packages", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The frozen version", body = Package),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`package.wrong_state`: not checked; `package.stale`: data has changed since the check", body = Problem)))]
pub async fn freeze(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Package>, ServiceError> {
    packages::freeze(&app, &ctx, id).await.map(Json)
}

/// The quality numbers of the data as it is now, of the whole, by category and by institution. A participant
/// sees its own part.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/quality", tag = "packages", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Numbers", body = QualityReport),
    (status = 403, description = "`forbidden` or `consultation.no_consent`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn quality(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<QualityReport>, ServiceError> {
    packages::quality(&app, &ctx, id).await.map(Json)
}

/// The data-element dictionary in use (Table 1): every element with its rules, and the hash of the whole.
#[utoipa::path(get, path = "/api/v1/dictionary", tag = "packages", responses(
    (status = 200, description = "`version`, `edition`, `hash` (SHA-256 of the canonical JSON of the dictionary's file), `elements`"),
    (status = 401, description = "`unauthenticated`", body = Problem)))]
pub async fn dictionary(State(_): State<App>, _ctx: Ctx) -> Json<serde_json::Value> {
    let dictionary = Dictionary::builtin();
    Json(serde_json::json!({
        "version": dictionary.version,
        "edition": dictionary.edition,
        "hash": dictionary.hash,
        "elements": dictionary.elements(),
    }))
}
