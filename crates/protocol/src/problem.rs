//! Errors on the wire: RFC 9457 `application/problem+json`.

use serde::{Deserialize, Serialize};

/// What went wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field, as a path in the request body (`patient.id_number`, or a FHIRPath for bundles).
    pub field: String,
    /// Stable code, one of [`crate::codes`].
    pub code: String,
    /// A sentence in the reader's language.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl FieldError {
    /// An error of one field; the sentence is filled in at the edge.
    #[must_use]
    pub fn new(field: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: String::new(),
        }
    }
}

/// The error body of every route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank#<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sentence in the reader's language.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code, one of [`crate::codes`].
    pub code: String,
    /// To quote when asking for help.
    pub request_id: String,
    /// The state that made the act impossible, for `consultation.wrong_state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What is wrong with single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}
