//! The headers of tus 1.0.0.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use consilium_domain::{Timestamp, UploadId, UploadKind};
use consilium_protocol::{codes, upload::Upload};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use time::{OffsetDateTime, macros::format_description};

use crate::{
    error::ServiceError,
    services::uploads::{Begin, Checksum, Concat, Metadata, Sent, Standing},
    state::App,
};

/// The version that is spoken.
pub(super) const VERSION: &str = "1.0.0";
/// Address below which uploads live.
pub(super) const COLLECTION: &str = "/api/v1/uploads";

pub(super) static TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) static TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
static UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
static UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
static UPLOAD_CONCAT: HeaderName = HeaderName::from_static("upload-concat");
static UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
static UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

const BYTES: &str = "application/offset+octet-stream";

/// A request that speaks the version.
pub struct Tus;

impl FromRequestParts<App> for Tus {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ServiceError> {
        match text(&parts.headers, "tus-resumable") {
            Some(VERSION) => Ok(Self),
            _ => Err(ServiceError::Precondition(codes::UPLOAD_VERSION)),
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A number that may be missing.
fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, ServiceError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let digits = value.to_str().ok().filter(|text| !text.starts_with('+'));
    digits
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or(ServiceError::Malformed)
}

impl FromRequestParts<App> for Begin {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ServiceError> {
        if parts.headers.contains_key("upload-defer-length") {
            return Err(ServiceError::Malformed);
        }
        Ok(Self {
            length: number(&parts.headers, "upload-length")?,
            concat: concat(text(&parts.headers, "upload-concat").unwrap_or(""))?,
            metadata: Metadata::parse(text(&parts.headers, "upload-metadata").unwrap_or(""))?,
        })
    }
}

/// Reads `Upload-Concat`: `partial`, or `final;` and the addresses of the parts, absolute or not.
fn concat(header: &str) -> Result<Concat, ServiceError> {
    let header = header.trim();
    if header.is_empty() {
        return Ok(Concat::None);
    }
    if header == "partial" {
        return Ok(Concat::Partial);
    }
    let addresses = header.strip_prefix("final;").ok_or(ServiceError::Malformed)?;
    addresses
        .split_ascii_whitespace()
        .map(|address| {
            let (collection, id) = address.rsplit_once('/').ok_or(ServiceError::Malformed)?;
            if !collection.ends_with(COLLECTION) {
                return Err(ServiceError::Malformed);
            }
            id.parse().map_err(|_| ServiceError::Malformed)
        })
        .collect::<Result<Vec<UploadId>, _>>()
        .map(Concat::Final)
}

/// Bytes at the end of an upload.
pub struct Piece {
    /// Where the sender thinks the end is.
    pub(super) offset: u64,
    /// The bytes.
    pub(super) sent: Sent,
}

impl FromRequest<App> for Piece {
    type Rejection = Response;
    async fn from_request(request: Request, _: &App) -> Result<Self, Response> {
        let offset = number(request.headers(), "upload-offset")
            .and_then(|offset| offset.ok_or(ServiceError::Malformed))
            .map_err(IntoResponse::into_response)?;
        match sent(request).map_err(IntoResponse::into_response)? {
            Some(sent) => Ok(Self { offset, sent }),
            None => Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()),
        }
    }
}

/// The bytes of a request; `None` when it says of another type, or none.
pub(super) fn sent(request: Request) -> Result<Option<Sent>, ServiceError> {
    let headers = request.headers();
    let kind = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or("");
    if !kind.trim().eq_ignore_ascii_case(BYTES) {
        return Ok(None);
    }
    let checksum = match headers.get("upload-checksum") {
        Some(value) => Some(Checksum::parse(
            value.to_str().map_err(|_| ServiceError::Malformed)?,
        )?),
        None => None,
    };
    Ok(Some(Sent {
        announced: number(headers, header::CONTENT_LENGTH.as_str())?,
        checksum,
        body: request.into_body(),
    }))
}

/// Where the upload lives.
pub(super) fn address(id: UploadId) -> String {
    format!("{COLLECTION}/{id}")
}

/// Where the upload stands, as every answer of the protocol says it.
pub(super) fn standing(upload: &Upload) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(UPLOAD_OFFSET.clone(), upload.offset.into());
    if let Some(at) = http_date(upload.expires_at) {
        headers.insert(UPLOAD_EXPIRES.clone(), at);
    }
    headers
}

/// What only `HEAD` adds.
pub(super) fn whole_standing(upload: &Upload, more: &Standing) -> HeaderMap {
    let mut headers = standing(upload);
    headers.insert(UPLOAD_LENGTH.clone(), upload.length.into());
    if let Ok(metadata) = HeaderValue::from_str(&more.metadata)
        && !metadata.is_empty()
    {
        headers.insert(UPLOAD_METADATA.clone(), metadata);
    }
    let concat = match upload.kind {
        UploadKind::Whole => None,
        UploadKind::Partial => Some("partial".to_owned()),
        UploadKind::Final => {
            let parts: Vec<String> = more.parts.iter().map(|id| address(*id)).collect();
            Some(format!("final;{}", parts.join(" ")))
        }
    };
    if let Some(concat) = concat.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(UPLOAD_CONCAT.clone(), concat);
    }
    headers
}

/// A time in the form of HTTP (RFC 9110).
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at = OffsetDateTime::from_unix_timestamp(at.ms().div_euclid(1000)).ok()?;
    HeaderValue::from_str(&at.format(form).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_from_their_addresses() {
        let id = "00000000-0000-7000-8000-000000000001";
        let one: UploadId = id.parse().unwrap();
        assert_eq!(concat("").unwrap(), Concat::None);
        assert_eq!(concat("partial").unwrap(), Concat::Partial);
        let both = format!("final;/api/v1/uploads/{id} https://h:8443/api/v1/uploads/{id}");
        assert_eq!(concat(&both).unwrap(), Concat::Final(vec![one, one]));
        for wrong in ["whole", "final", "final;/elsewhere/1", "final;/api/v1/uploads/7"] {
            assert!(concat(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_and_numbers_have_the_form_of_http() {
        let at = http_date(Timestamp::from_ms(784_111_777_999)).unwrap();
        assert_eq!(at, "Sun, 06 Nov 1994 08:49:37 GMT");
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("upload-length", HeaderValue::from_static(text));
            number(&headers, "upload-length")
        };
        assert_eq!(read("10").unwrap(), Some(10));
        for wrong in ["", "-1", "+1", "1.0", "99999999999999999999"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(number(&HeaderMap::new(), "upload-length").unwrap(), None);
    }
}
