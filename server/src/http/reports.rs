//! The report of a consultation.

use axum::extract::{Path, State};
use consilium_domain::ConsultationId;
use consilium_protocol::{
    Problem,
    report::{Report, ReportInput},
};
use http::StatusCode;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::{
        extract::Json,
        negotiate::{Form, Shown},
    },
    services::reports,
    state::App,
};

/// Signs the conclusion; it must cite every submitted opinion (clause 7.4 a).
#[utoipa::path(post, path = "/api/v1/consultations/{id}/sign", tag = "reports", params(("id" = ConsultationId, Path)),
    request_body = ReportInput, responses(
    (status = 201, description = "The signed report", body = Report),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`, `report.opinions_missing`, `report.opinions_uncited`", body = Problem),
    (status = 422, description = "`request.invalid`", body = Problem)))]
pub async fn sign(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Json(input): Json<ReportInput>,
) -> Result<(StatusCode, Json<Report>), ServiceError> {
    let report = reports::sign(&app, &ctx, id, input).await?;
    Ok((StatusCode::CREATED, Json(report)))
}

/// The newest signed report.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/report", tag = "reports", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "The report", content((Report = "application/json"), (String = "application/xml"))),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 406, description = "`request.not_acceptable`", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    form: Form,
) -> Result<Shown<Report>, ServiceError> {
    reports::read(&app, &ctx, id)
        .await
        .map(|report| form.show("report", report))
}
