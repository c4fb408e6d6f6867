//! The border between clear and masked patient data (clause 8.3.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that identifies a patient, in clear. It has no `Serialize` and its `Debug` shows nothing,
/// so it cannot reach a response, a log, a message or a CRDT by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Clear<T>(T);

impl<T> Clear<T> {
    /// Takes a value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value in clear. Every call site is a place to review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Clear<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clear(..)")
    }
}

/// A value in its masked form, fit to cross a border between institutions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Masked<T>(T);

impl<T> Masked<T> {
    /// Only the masking rules of [`crate::masking`] make one.
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }

    /// The masked value.
    pub const fn get(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Display> fmt::Display for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
