//! Images of a consultation.

use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use consilium_domain::{ConsultationId, InstanceId, SeriesId};
use consilium_protocol::{
    Problem,
    imaging::{Series, Uploaded},
};
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::extract::SentFile,
    services::imaging::{self, Incoming},
    state::App,
};

/// How to take a file.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Take {
    /// The sender has compared the file's patient with this patient and says they are one.
    #[serde(default)]
    pub confirm_patient: bool,
}

/// Takes one DICOM file; send a folder as one request a file. A refused file leaves the others.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/images", tag = "images", params(("id" = ConsultationId, Path), Take,
    ("x-file-name" = Option<String>, Header, description = "File name, percent-encoded UTF-8; named in refusals")),
    request_body(content = Vec<u8>, content_type = "application/dicom"), responses(
    (status = 201, description = "Stored; the digest is of the file as received", body = Uploaded),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`dicom.patient_unconfirmed`: compare the masked source patient, then repeat with `confirm_patient=true`", body = Problem),
    (status = 413, description = "`request.too_large`", body = Problem),
    (status = 422, description = "`dicom.not_dicom`, `dicom.truncated`, `dicom.other_patient`, ...; `errors[0].field` is the file name", body = Problem)))]
pub async fn upload(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Query(take): Query<Take>,
    sent: SentFile,
) -> Result<(StatusCode, Json<Uploaded>), ServiceError> {
    let file = Incoming {
        file_name: sent.name,
        bytes: sent.bytes,
        confirm_patient: take.confirm_patient,
    };
    let uploaded = imaging::upload(&app, &ctx, id, file).await?;
    Ok((StatusCode::CREATED, Json(uploaded)))
}

/// The series of a consultation with viewer facts of every instance, in viewing order.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/series", tag = "images", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "Series", body = Vec<Series>),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn series(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<Series>>, ServiceError> {
    imaging::series(&app, &ctx, id).await.map(Json)
}

/// One frame: stored integers as little-endian 16-bit words, horizontally differenced, low and high
/// bytes in planes (lossless), with `Content-Encoding: gzip`. Colour frames are plain RGB.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/instances/{instance}/frames/{frame}", tag = "images",
    params(("id" = ConsultationId, Path), ("instance" = InstanceId, Path), ("frame" = u32, Path, description = "From 0")), responses(
    (status = 200, description = "The frame", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn frame(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, instance, frame)): Path<(ConsultationId, InstanceId, u32)>,
) -> Result<Response, ServiceError> {
    let bytes = imaging::frame(&app, &ctx, id, instance, frame).await?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_ENCODING, "gzip"),
            (header::CACHE_CONTROL, "private, no-store"),
        ],
        bytes,
    )
        .into_response())
}

/// A small 8-bit picture of the middle of a series.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/series/{series}/thumbnail.png", tag = "images",
    params(("id" = ConsultationId, Path), ("series" = SeriesId, Path)), responses(
    (status = 200, description = "PNG", body = Vec<u8>, content_type = "image/png"),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn thumbnail(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, series)): Path<(ConsultationId, SeriesId)>,
) -> Result<Response, ServiceError> {
    let bytes = imaging::thumbnail(&app, &ctx, id, series).await?;
    Ok((
        [
            (header::CONTENT_TYPE, "image/png"),
            (header::CACHE_CONTROL, "private, max-age=300"),
        ],
        bytes,
    )
        .into_response())
}
