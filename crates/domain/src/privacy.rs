//! The border between clear and masked patient data (clause 8.3.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that identifies a patient, in clear. It has no `Serialize`, no `Display`, and its `Debug` shows
/// nothing, so it cannot reach a response, a log, a message or a CRDT by mistake.
///
/// It cannot be serialised:
/// ```compile_fail,E0277
/// let name = consilium_domain::Clear::new("张三".to_owned());
/// serde_json::to_string(&name);
/// ```
/// It cannot be printed:
/// ```compile_fail,E0277
/// let name = consilium_domain::Clear::new("张三".to_owned());
/// format!("{name}");
/// ```
/// It cannot be read from outside, so that nothing can be forwarded unread:
/// ```compile_fail,E0277
/// serde_json::from_str::<consilium_domain::Clear<String>>("\"张三\"");
/// ```
/// A message that may leave cannot hold it:
/// ```compile_fail,E0277
/// #[derive(serde::Serialize)]
/// struct Invitation {
///     patient: consilium_domain::Clear<String>,
/// }
/// ```
/// The masked form is what fits there:
/// ```
/// use consilium_domain::{Masked, masking::{Profile, RuleSet}};
/// #[derive(serde::Serialize)]
/// struct Invitation {
///     patient: Masked<String>,
/// }
/// let patient = RuleSet::builtin().name(Profile::Exchange, "张大三");
/// assert_eq!(serde_json::to_string(&Invitation { patient }).unwrap(), r#"{"patient":"张*三"}"#);
/// ```
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

/// A value in its masked form, fit to cross a border between institutions. Only the rules make one:
/// ```compile_fail,E0624
/// consilium_domain::Masked::new("张三".to_owned());
/// ```
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
