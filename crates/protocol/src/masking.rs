//! Masking rules and the act of looking at one field in clear (clause 8.3).

use consilium_domain::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code on the wire, in tables and in the audit log.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }
    )*};
}

codes! {
    /// A field of a patient's identity that can be shown in clear.
    UnmaskField {
        /// 姓名
        Name = "name",
        /// 居民身份证号, or the number of another document.
        Number = "number",
        /// 联系电话
        Phone = "phone",
        /// 住址
        Address = "address",
    }

    /// What a field in clear is needed for. The code goes into the audit log, the words do not.
    UnmaskPurpose {
        /// To make sure that it is this patient.
        Identify = "identify",
        /// To reach the patient or the family.
        Contact = "contact",
        /// To file or deliver the report.
        Record = "record",
        /// Danger to life.
        Emergency = "emergency",
        /// Something else.
        Other = "other",
    }
}

/// `POST /api/v1/consultations/{id}/unmask`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnmaskInput {
    /// Which field.
    pub field: UnmaskField,
    /// What for.
    #[serde(default = "other")]
    pub purpose: UnmaskPurpose,
    /// Why, in words.
    pub reason: String,
}

const fn other() -> UnmaskPurpose {
    UnmaskPurpose::Other
}

/// A field in clear, for the one who asked. Never stored by the reader; the display fades at `expires_at`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unmasked {
    /// Which field.
    pub field: UnmaskField,
    /// The value in clear.
    pub value: String,
    /// When the display must be masked again.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Unmasked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unmasked")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}
