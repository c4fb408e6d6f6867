//! `/api/v1/consultations/{id}/attachments`.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use consilium_app::format::percent_encode;
use consilium_domain::{AttachmentId, ConsultationId};
use consilium_protocol::{Problem, room::Attachment};
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    http::extract::{Json, SentFile},
    services::attachments::{self, Incoming},
    state::App,
};

/// How to take a file.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Take {
    /// The sender has looked: the file shows no name, number or other identity of the patient.
    #[serde(default)]
    pub confirm_masked: bool,
}

/// Documents and pictures added in the session, with their source (clause 7.3 b).
#[utoipa::path(get, path = "/api/v1/consultations/{id}/attachments", tag = "session", params(("id" = ConsultationId, Path)), responses(
    (status = 200, description = "In the order of adding", body = Vec<Attachment>),
    (status = 403, description = "`forbidden`, or `consultation.no_consent`: consent has ended", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
) -> Result<Json<Vec<Attachment>>, ServiceError> {
    attachments::list(&app, &ctx, id).await.map(Json)
}

/// Adds a PDF, PNG or JPEG, whatever the sender calls it, at most 20 MB; it becomes part of the next version of
/// the case package. The same content again answers with the one that is there.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/attachments", tag = "session", params(("id" = ConsultationId, Path), Take,
    ("x-file-name" = Option<String>, Header, description = "File name, percent-encoded UTF-8; kept masked")),
    request_body(content = Vec<u8>, content_type = "application/pdf"), responses(
    (status = 201, description = "Kept; the digest is of the content as kept, pictures without what they say of maker, place and time", body = Attachment),
    (status = 403, description = "`forbidden`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`consultation.wrong_state`: not in session; `consultation.no_consent`; \
        `attachment.unconfirmed`: look at it, then repeat with `confirm_masked=true`; `attachment.too_many`", body = Problem),
    (status = 413, description = "`request.too_large`", body = Problem),
    (status = 422, description = "`attachment.type`", body = Problem)))]
pub async fn add(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<ConsultationId>,
    Query(take): Query<Take>,
    sent: SentFile,
) -> Result<(StatusCode, Json<Attachment>), ServiceError> {
    let file = Incoming {
        file_name: sent.name,
        bytes: sent.bytes,
        confirm_masked: take.confirm_masked,
    };
    let added = attachments::add(&app, &ctx, id, file).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// One document or picture: pictures to be shown, documents to be saved.
#[utoipa::path(get, path = "/api/v1/consultations/{id}/attachments/{attachment}", tag = "session",
    params(("id" = ConsultationId, Path), ("attachment" = AttachmentId, Path)), responses(
    (status = 200, description = "The content", body = Vec<u8>, content_type = "application/pdf"),
    (status = 403, description = "`forbidden`, or `consultation.no_consent`: consent has ended", body = Problem),
    (status = 404, description = "`not_found`", body = Problem)))]
pub async fn content(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, attachment)): Path<(ConsultationId, AttachmentId)>,
) -> Result<Response, ServiceError> {
    let (media, name, bytes) = attachments::content(&app, &ctx, id, attachment).await?;
    let headers = [
        (header::CONTENT_DISPOSITION, disposition(&media, &name)),
        (header::CONTENT_TYPE, media),
    ];
    Ok((headers, bytes).into_response())
}

/// How a browser treats the content, and its name (RFC 6266 and 8187).
fn disposition(media: &str, name: &str) -> String {
    let how = if media.starts_with("image/") {
        "inline"
    } else {
        "attachment"
    };
    let name = percent_encode(name);
    format!("{how}; filename*=UTF-8''{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(
            disposition("application/pdf", "会\"\r\n;a.pdf"),
            "attachment; filename*=UTF-8''%E4%BC%9A%22%0D%0A%3Ba.pdf"
        );
        assert_eq!(
            disposition("image/png", "a b.png"),
            "inline; filename*=UTF-8''a%20b.png"
        );
    }
}
