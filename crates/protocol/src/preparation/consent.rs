//! The patient's consent (clause 8.3.2).

use consilium_domain::{ConsentSigner, ConsentState, GuardianRelation, Timestamp};
use serde::{Deserialize, Serialize};

use super::treatment;

/// A guardian who signs for a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guardian {
    /// Name; given in clear, shown masked.
    pub name: String,
    /// Relation.
    pub relation: Option<GuardianRelation>,
    /// Phone; given in clear, shown masked.
    #[serde(default)]
    pub phone: String,
}

/// `PUT …/{id}/consent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentInput {
    /// `proposed`, `active` (signed) or `rejected`.
    pub state: ConsentState,
    /// Version of the text laid before the signer; one of `GET /api/v1/consent-texts`.
    pub text_version: String,
    /// Who signs.
    pub signer: ConsentSigner,
    /// The guardian, when one signs.
    #[serde(default)]
    pub guardian: Option<Guardian>,
    /// Purpose: `treatment`.
    #[serde(default = "treatment")]
    pub purpose: String,
    /// In force until; 90 days when absent.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
}

/// The patient's consent as shown. The guardian's name and phone are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentRecord {
    /// State now.
    pub state: ConsentState,
    /// Version of the text.
    pub text_version: String,
    /// The text as the signer saw it.
    pub text: String,
    /// Who signed.
    pub signer: ConsentSigner,
    /// Guardian, masked.
    pub guardian: Option<Guardian>,
    /// Purpose.
    pub purpose: String,
    /// Signed at.
    pub signed_at: Option<Timestamp>,
    /// In force until.
    pub valid_until: Option<Timestamp>,
    /// The scanned form: its SHA-256, hex, when one was uploaded.
    pub form_sha256: Option<String>,
    /// Withdrawn at, and why.
    pub withdrawn: Option<(Timestamp, String)>,
    /// A guardian must sign.
    pub guardian_needed: bool,
    /// What the reader may do now.
    pub allowed: Vec<String>,
}

/// A version of the consent text: use range and purpose (clause 8.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentText {
    /// Version.
    pub version: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}
