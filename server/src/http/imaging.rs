//! Images of a consultation.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use consilium_domain::{ConsultationId, InstanceId, SeriesId};
use consilium_protocol::{
    Problem,
    imaging::{Series, Uploaded},
    limits,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::Ctx,
    error::ServiceError,
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

/// The file's name out of `X-File-Name` (percent-encoded UTF-8), for refusals.
pub(super) fn file_name(headers: &HeaderMap) -> String {
    let raw = headers
        .get("x-file-name")
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let mut bytes = Vec::new();
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: Option<u8>| {
                b.and_then(|b| char::from(b).to_digit(16))
                    .and_then(|d| u8::try_from(d).ok())
            };
            match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => bytes.push(high * 16 + low),
                _ => bytes.push(b'?'),
            }
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes)
        .chars()
        .filter(|c| !c.is_control())
        .take(limits::FILE_NAME_CHARS)
        .collect()
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
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Uploaded>), ServiceError> {
    let file = Incoming {
        file_name: file_name(&headers),
        bytes,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_decoded_and_cleaned() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-file-name",
            http::HeaderValue::from_static("%E5%BD%B1%E5%83%8F/01%0a.dcm%zz"),
        );
        assert_eq!(file_name(&headers), "影像/01.dcm?");
        assert_eq!(file_name(&HeaderMap::new()), "");
    }
}
