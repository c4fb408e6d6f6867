//! Errors of services and how they become answers. The only place that chooses HTTP status codes.

use axum::response::{IntoResponse, Response};
use consilium_domain::ConsultationState;
use consilium_protocol::{FieldError, Problem, codes};
use consilium_storage::StoreError;
use http::StatusCode;

use crate::live::LiveError;

/// Why a service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Does not exist, or the caller may not know that it does.
    #[error("not found")]
    NotFound,
    /// Known, but not allowed.
    #[error("forbidden")]
    Forbidden,
    /// Known, but not allowed for a reason of its own.
    #[error("denied: {0}")]
    Denied(&'static str),
    /// No valid session.
    #[error("no valid session")]
    Unauthenticated,
    /// Wrong user name, password or code, or locked: never said which.
    #[error("sign-in refused")]
    SignInRefused,
    /// Sent from another site.
    #[error("cross-site request")]
    CrossSite,
    /// A queue is full.
    #[error("busy")]
    Busy,
    /// Done too often for now, with its own code.
    #[error("limited: {0}")]
    Limited(&'static str),
    /// The request cannot be read as what the route expects.
    #[error("malformed request")]
    Malformed,
    /// No form of the answer is acceptable to the request.
    #[error("not acceptable")]
    NotAcceptable,
    /// It was there and is no more, with its own code.
    #[error("gone: {0}")]
    Gone(&'static str),
    /// Another request has it in hand, with its own code.
    #[error("locked: {0}")]
    Locked(&'static str),
    /// The request does not speak what the route speaks, with its own code.
    #[error("precondition: {0}")]
    Precondition(&'static str),
    /// What arrived is not what was sent.
    #[error("checksum mismatch")]
    Checksum,
    /// A body is larger than its limit.
    #[error("body too large")]
    TooLarge,
    /// Fields are wrong, each named.
    #[error("{} invalid fields", .0.len())]
    Invalid(Vec<FieldError>),
    /// The content of an upload or import was refused, with its own code.
    #[error("content refused: {code}")]
    Content {
        /// Code.
        code: &'static str,
        /// What is wrong in detail.
        errors: Vec<FieldError>,
    },
    /// Not possible as things stand.
    #[error("refused: {code}")]
    Refused {
        /// Code.
        code: &'static str,
        /// The state that made it impossible.
        state: Option<ConsultationState>,
        /// What is missing.
        errors: Vec<FieldError>,
    },
    /// Somebody else changed it meanwhile.
    #[error("conflict")]
    Conflict,
    /// The store failed.
    #[error("store: {0}")]
    Store(#[source] StoreError),
    /// The live room failed.
    #[error("live room: {0}")]
    Live(#[from] LiveError),
    /// Anything else on our side. The text is logged, never shown.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict(_) => Self::Conflict,
            other => Self::Store(other),
        }
    }
}

impl From<consilium_vault::VaultError> for ServiceError {
    fn from(error: consilium_vault::VaultError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for ServiceError {
    fn from(error: serde_json::Error) -> Self {
        // The kind only: a parser's words may quote data.
        Self::Internal(format!("stored JSON: {:?} error", error.classify()))
    }
}

impl From<tokio::task::JoinError> for ServiceError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The status tus 1.0.0 has for a wrong checksum; it has no name elsewhere.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

impl ServiceError {
    /// A field error as the whole answer.
    #[must_use]
    pub fn field(field: &str, code: &'static str) -> Self {
        Self::Invalid(vec![FieldError::new(field, code)])
    }

    /// Stable code and status.
    #[must_use]
    pub fn code(&self) -> (&'static str, StatusCode) {
        match self {
            Self::NotFound => (codes::NOT_FOUND, StatusCode::NOT_FOUND),
            Self::Forbidden => (codes::FORBIDDEN, StatusCode::FORBIDDEN),
            Self::Denied(code) => (code, StatusCode::FORBIDDEN),
            Self::Unauthenticated => (codes::UNAUTHENTICATED, StatusCode::UNAUTHORIZED),
            Self::SignInRefused => (codes::SIGN_IN_REFUSED, StatusCode::UNAUTHORIZED),
            Self::CrossSite => (codes::CROSS_SITE, StatusCode::FORBIDDEN),
            Self::Busy => (codes::BUSY, StatusCode::SERVICE_UNAVAILABLE),
            Self::Limited(code) => (code, StatusCode::TOO_MANY_REQUESTS),
            Self::Malformed => (codes::MALFORMED, StatusCode::BAD_REQUEST),
            Self::NotAcceptable => (codes::NOT_ACCEPTABLE, StatusCode::NOT_ACCEPTABLE),
            Self::Gone(code) => (code, StatusCode::GONE),
            Self::Locked(code) => (code, StatusCode::LOCKED),
            Self::Precondition(code) => (code, StatusCode::PRECONDITION_FAILED),
            Self::Checksum => (codes::UPLOAD_CHECKSUM, checksum_mismatch()),
            Self::TooLarge => (codes::TOO_LARGE, StatusCode::PAYLOAD_TOO_LARGE),
            Self::Invalid(_) => (codes::INVALID, StatusCode::UNPROCESSABLE_ENTITY),
            Self::Content { code, .. } => (code, StatusCode::UNPROCESSABLE_ENTITY),
            Self::Refused { code, .. } => (code, StatusCode::CONFLICT),
            Self::Conflict => (codes::CONFLICT, StatusCode::CONFLICT),
            Self::Live(LiveError::Damaged(_)) => (codes::LIVE_DAMAGED, StatusCode::INTERNAL_SERVER_ERROR),
            Self::Store(StoreError::Unavailable(_)) | Self::Live(_) => {
                (codes::UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Store(_) | Self::Internal(_) => (codes::INTERNAL, StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The answer without the sentence, which the edge adds in the reader's language.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (code, status) = self.code();
        let (state, errors) = match self {
            Self::Invalid(errors) | Self::Content { errors, .. } => (None, errors.clone()),
            Self::Refused { state, errors, .. } => (state.map(|s| s.code().to_owned()), errors.clone()),
            _ => (None, Vec::new()),
        };
        Problem {
            kind: format!("about:blank#{code}"),
            title: String::new(),
            status: status.as_u16(),
            code: code.to_owned(),
            request_id: String::new(),
            state,
            errors,
        }
    }
}

/// A problem on its way out; the outermost layer gives it the sentence and the request id.
#[derive(Clone, Debug)]
pub struct PendingProblem(pub Problem);

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let (_, status) = self.code();
        if status.is_server_error() {
            tracing::error!(error = %self, "request failed");
        }
        let mut response = status.into_response();
        response.extensions_mut().insert(PendingProblem(self.problem()));
        response
    }
}
