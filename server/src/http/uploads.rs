//! `/api/v1/uploads`: resumable uploads by tus 1.0.0 with creation, creation-with-upload, checksum,
//! expiration, termination and concatenation.

mod headers;

use axum::{
    extract::{FromRequest as _, Path, Query, Request, State},
    response::{IntoResponse, Response},
};
use consilium_domain::{ConsultationId, UploadId};
use consilium_protocol::{Problem, limits, upload::Upload};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::{edge, extract::Json},
    services::uploads::{self, ALGORITHMS, Begin},
    state::App,
};
use headers::{Piece, TUS_RESUMABLE, TUS_VERSION, Tus, VERSION, address, standing, whole_standing};

const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination,concatenation";

/// The routes; every answer says which version is spoken.
pub(super) fn router() -> OpenApiRouter<App> {
    let version = HeaderValue::from_static(VERSION);
    OpenApiRouter::new()
        .routes(routes!(options, list, create))
        .routes(routes!(status, read, append, terminate, instead))
        .routes(routes!(confirm))
        .layer(SetResponseHeaderLayer::overriding(
            TUS_RESUMABLE.clone(),
            version.clone(),
        ))
        .layer(SetResponseHeaderLayer::overriding(TUS_VERSION.clone(), version))
}

/// What the server speaks: version, extensions, checksum algorithms, the largest upload.
#[utoipa::path(options, path = "/api/v1/uploads", tag = "uploads", responses(
    (status = 204, description = "`Tus-Version`, `Tus-Extension`, `Tus-Checksum-Algorithm`, `Tus-Max-Size`")))]
pub async fn options() -> impl IntoResponse {
    (
        StatusCode::NO_CONTENT,
        [
            (HeaderName::from_static("tus-extension"), EXTENSIONS.to_owned()),
            (
                HeaderName::from_static("tus-checksum-algorithm"),
                ALGORITHMS.to_owned(),
            ),
            (
                HeaderName::from_static("tus-max-size"),
                limits::DICOM_BODY_BYTES.to_string(),
            ),
        ],
    )
}

/// Which uploads to list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Of {
    /// Those of one consultation only.
    pub consultation: Option<ConsultationId>,
}

/// The caller's own uploads that are not over, newest first, so that a sender that was closed finds where to
/// go on.
#[utoipa::path(get, path = "/api/v1/uploads", tag = "uploads", params(Of), responses(
    (status = 200, description = "Uploads, without results", body = Vec<Upload>)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Query(of): Query<Of>,
) -> Result<Json<Vec<Upload>>, ServiceError> {
    uploads::list(&app, &ctx, of.consultation).await.map(Json)
}

/// Begins an upload. `Upload-Metadata` (values in base64) has `consultation` (id), `purpose` (`dicom`,
/// `submission`, `consent_form`), `filename`, `filetype` (of a submission: as its `Content-Type`), `request`
/// (the data request it answers) and `confirm_patient` (`true`, see the route for images). A part
/// (`Upload-Concat: partial`) needs none of them. Bytes may come along.
#[utoipa::path(post, path = "/api/v1/uploads", tag = "uploads", params(
    ("tus-resumable" = String, Header, description = "`1.0.0`"),
    ("upload-length" = Option<u64>, Header, description = "Bytes; not with `final`"),
    ("upload-metadata" = Option<String>, Header, description = "Key and base64 value, divided by commas"),
    ("upload-concat" = Option<String>, Header, description = "`partial`, or `final;` and the addresses of the parts"),
    ("upload-checksum" = Option<String>, Header, description = "Of the bytes that come along")), responses(
    (status = 201, description = "`Location`, `Upload-Offset`, `Upload-Expires`"),
    (status = 400, description = "`request.malformed`", body = Problem),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`upload.parts`: a part is missing, not complete or used up", body = Problem),
    (status = 412, description = "`upload.version`", body = Problem),
    (status = 413, description = "`request.too_large`: larger than the direct route takes", body = Problem),
    (status = 422, description = "`request.invalid`, naming `Upload-Metadata.<key>`", body = Problem),
    (status = 429, description = "`upload.too_many`, `upload.no_room`", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    ctx: Ctx,
    _: Tus,
    begin: Begin,
    request: Request,
) -> Result<Response, ServiceError> {
    let first = headers::sent(request)?;
    let upload = uploads::begin(&app, &ctx, begin, first).await?;
    let location = [(header::LOCATION, address(upload.id))];
    Ok((StatusCode::CREATED, location, standing(&upload)).into_response())
}

/// Where an upload stands, for its sender to go on. A request that still writes to it is stopped first.
#[utoipa::path(head, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = UploadId, Path)), responses(
    (status = 200, description = "`Upload-Offset`, `Upload-Length`, `Upload-Metadata`, `Upload-Concat`, `Upload-Expires`"),
    (status = 404, description = "Not the caller's"),
    (status = 410, description = "Expired or ended"),
    (status = 412, description = "`upload.version`"),
    (status = 423, description = "`upload.locked`")))]
pub async fn status(
    State(app): State<App>,
    ctx: Ctx,
    _: Tus,
    Path(upload): Path<UploadId>,
) -> Result<HeaderMap, ServiceError> {
    let (upload, more) = uploads::status(&app, &ctx, upload).await?;
    Ok(whole_standing(&upload, &more))
}

/// What became of an upload: its state and, when all bytes were there, the answer of the direct route or the
/// reasons why the content was not taken. Readable until it expires.
#[utoipa::path(get, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = UploadId, Path)), responses(
    (status = 200, description = "The upload", body = Upload),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 410, description = "`upload.gone`", body = Problem)))]
pub async fn read(
    State(app): State<App>,
    ctx: Ctx,
    Path(upload): Path<UploadId>,
) -> Result<Json<Upload>, ServiceError> {
    let upload = uploads::read(&app, &ctx, upload).await?;
    Ok(Json(localised(upload, &ctx)))
}

/// Adds bytes at `Upload-Offset`. They are durable when this answers. With the last ones the content is taken;
/// ask by `GET` what became of it.
#[utoipa::path(patch, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = UploadId, Path),
    ("tus-resumable" = String, Header, description = "`1.0.0`"),
    ("upload-offset" = u64, Header, description = "Bytes the sender knows to be there"),
    ("upload-checksum" = Option<String>, Header, description = "`sha256` or `sha1` and the base64 of the digest of these bytes")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses(
    (status = 204, description = "`Upload-Offset`, `Upload-Expires`"),
    (status = 400, description = "`request.malformed`: also when the bytes break off", body = Problem),
    (status = 403, description = "`upload.final`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`upload.offset`", body = Problem),
    (status = 410, description = "`upload.gone`", body = Problem),
    (status = 412, description = "`upload.version`", body = Problem),
    (status = 413, description = "`request.too_large`: more than announced", body = Problem),
    (status = 415, description = "`request.media_type`", body = Problem),
    (status = 423, description = "`upload.locked`", body = Problem),
    (status = 460, description = "`upload.checksum`: none of these bytes was kept", body = Problem)))]
pub async fn append(
    State(app): State<App>,
    ctx: Ctx,
    _: Tus,
    Path(upload): Path<UploadId>,
    piece: Piece,
) -> Result<Response, ServiceError> {
    let upload = uploads::append(&app, &ctx, upload, piece.offset, piece.sent).await?;
    Ok((StatusCode::NO_CONTENT, standing(&upload)).into_response())
}

/// Ends an upload; its bytes go. What was taken from it stays.
#[utoipa::path(delete, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = UploadId, Path)), responses(
    (status = 204, description = "Gone"),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 410, description = "`upload.gone`", body = Problem),
    (status = 412, description = "`upload.version`", body = Problem),
    (status = 423, description = "`upload.locked`", body = Problem)))]
pub async fn terminate(
    State(app): State<App>,
    ctx: Ctx,
    _: Tus,
    Path(upload): Path<UploadId>,
) -> Result<StatusCode, ServiceError> {
    uploads::terminate(&app, &ctx, upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For senders that can only `POST`: does what `X-HTTP-Method-Override` says (`PATCH`, `DELETE` or `HEAD`).
#[utoipa::path(post, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = UploadId, Path),
    ("x-http-method-override" = String, Header, description = "`PATCH`, `DELETE` or `HEAD`")), responses(
    (status = 204, description = "As the method"),
    (status = 405, description = "`request.method`: another method, or none", body = Problem)))]
pub async fn instead(
    State(app): State<App>,
    ctx: Ctx,
    tus: Tus,
    Path(upload): Path<UploadId>,
    request: Request,
) -> Result<Response, Response> {
    let method = request.headers().get("x-http-method-override").cloned();
    let (state, path) = (State(app), Path(upload));
    Ok(match method.as_ref().map(HeaderValue::as_bytes) {
        Some(b"PATCH") => {
            let piece = Piece::from_request(request, &state.0).await?;
            append(state, ctx, tus, path, piece).await.into_response()
        }
        Some(b"DELETE") => terminate(state, ctx, tus, path).await.into_response(),
        Some(b"HEAD") => status(state, ctx, tus, path).await.into_response(),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    })
}

/// Says that the images of an `unconfirmed` upload are of the consultation's patient, after comparing the
/// masked source patient in its `problem`. The content is then tried again, without sending it again.
#[utoipa::path(post, path = "/api/v1/uploads/{upload}/confirm", tag = "uploads", params(("upload" = UploadId, Path)), responses(
    (status = 200, description = "The upload", body = Upload),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`upload.wrong_state`", body = Problem),
    (status = 410, description = "`upload.gone`", body = Problem)))]
pub async fn confirm(
    State(app): State<App>,
    ctx: Ctx,
    Path(upload): Path<UploadId>,
) -> Result<Json<Upload>, ServiceError> {
    let upload = uploads::confirm(&app, &ctx, upload).await?;
    Ok(Json(localised(upload, &ctx)))
}

/// The reasons with sentences in the reader's language.
fn localised(mut upload: Upload, ctx: &Ctx) -> Upload {
    if let Some(problem) = &mut upload.problem {
        edge::localise(problem, ctx.request.locale);
        problem.request_id.clone_from(&ctx.request.id);
    }
    upload
}
