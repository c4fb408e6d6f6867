//! Signing in and knowing who one is.

use consilium_domain::{AccountId, InstitutionId, Role, Timestamp};
use serde::{Deserialize, Serialize};

/// `POST /api/v1/session`: user name, password and dynamic code (clause 8.1.1).
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// Six digits of the authenticator.
    pub totp: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// An institution as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Institution {
    /// Id.
    pub id: InstitutionId,
    /// Short stable code (`lead`, `east`).
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Which of the six institution colours (1-6) marks it everywhere.
    pub colour: u8,
}

/// The signed-in person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// Account.
    pub account_id: AccountId,
    /// User name.
    pub username: String,
    /// Name shown to colleagues.
    pub display_name: String,
    /// Role in the institution.
    pub role: Role,
    /// Department or specialty; may be empty.
    pub department: String,
    /// Institution.
    pub institution: Institution,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// `POST …/{id}/live-ticket`: lets a WebSocket client without the cookie join once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveTicket {
    /// Give it as `?ticket=` of the live address; works once.
    pub ticket: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// Key under which a page seals what it keeps on its device for this room: 32 bytes, base64. The same for
    /// the account and room at each call, never stored on the device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub local_key: String,
}
