//! What handlers take out of a request.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request as HttpRequest},
    response::{IntoResponse, Response},
};
use consilium_protocol::{FieldError, codes, limits};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    ctx::{Ctx, Request},
    error::ServiceError,
    http::cookies,
    services::sessions,
    state::App,
};

impl FromRequestParts<App> for Request {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ServiceError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ServiceError::Internal("request context is missing".to_owned()))
    }
}

impl FromRequestParts<App> for Ctx {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        let request = <Request as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        let token = cookies::get(&parts.headers, cookies::SESSION).ok_or(ServiceError::Unauthenticated)?;
        sessions::authenticate(app, &request, token).await
    }
}

impl OptionalFromRequestParts<App> for Ctx {
    type Rejection = ServiceError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ServiceError> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(ctx) => Ok(Some(ctx)),
            Err(ServiceError::Unauthenticated) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// A JSON body. Unlike axum's own it names the field that is missing or wrong.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Response;
    async fn from_request(request: HttpRequest, app: &App) -> Result<Self, Response> {
        if !is_json(request.headers()) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(IntoResponse::into_response)?;
        parse(&bytes).map(Self).map_err(IntoResponse::into_response)
    }
}

/// A JSON body that may be left out: then the default.
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Response;
    async fn from_request(request: HttpRequest, app: &App) -> Result<Self, Response> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, app)
            .await
            .map(|Json(value)| Self(value))
    }
}

/// A file as the body of a request, with its name out of `X-File-Name`.
pub struct SentFile {
    /// Decoded, without control characters, as long as a name may be; empty when there was none.
    pub name: String,
    /// The content.
    pub bytes: Bytes,
}

impl FromRequest<App> for SentFile {
    type Rejection = Response;
    async fn from_request(request: HttpRequest, app: &App) -> Result<Self, Response> {
        let name = file_name(request.headers());
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self { name, bytes })
    }
}

/// The file's name out of `X-File-Name` (percent-encoded UTF-8).
fn file_name(headers: &HeaderMap) -> String {
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

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

/// JSON into a value; what is missing or wrong is named.
///
/// # Errors
/// Not JSON, or a field is missing or wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ServiceError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| named(&error))?;
    reader.end().map_err(|_| ServiceError::Malformed)?;
    Ok(value)
}

/// The field of a shape error. The parser's words are not passed on: they may quote data.
fn named(error: &serde_path_to_error::Error<serde_json::Error>) -> ServiceError {
    if !error.inner().is_data() {
        return ServiceError::Malformed;
    }
    let at = error.path().to_string();
    let words = error.inner().to_string();
    let missing = words
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    let (field, code) = match missing {
        Some(name) if at == "." => (name.to_owned(), codes::FIELD_REQUIRED),
        Some(name) => (format!("{at}.{name}"), codes::FIELD_REQUIRED),
        None => (at, codes::FIELD_UNKNOWN),
    };
    ServiceError::Invalid(vec![FieldError::new(field, code)])
}

#[cfg(test)]
mod tests {
    use consilium_protocol::consultation::ConsultationInput;

    use super::*;

    #[test]
    fn wrong_bodies_name_the_field() {
        let field = |text: &str| match parse::<ConsultationInput>(text.as_bytes()) {
            Err(ServiceError::Invalid(errors)) => errors.first().map(|e| (e.field.clone(), e.code.clone())),
            Err(ServiceError::Malformed) => None,
            other => panic!("{:?}", other.map(|_| ())),
        };
        assert_eq!(
            field("{}").unwrap(),
            ("kind".to_owned(), codes::FIELD_REQUIRED.to_owned())
        );
        assert_eq!(
            field(r#"{"kind":"general","patient":{"sex":"x"}}"#).unwrap(),
            ("patient.sex".to_owned(), codes::FIELD_UNKNOWN.to_owned())
        );
        assert_eq!(field("{"), None);
        assert_eq!(field("not json"), None);
    }

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
