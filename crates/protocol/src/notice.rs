//! Notices to people, and deadlines.

use consilium_domain::{ClockKind, ConsultationId, DeadlineId, NoticeId, NoticeKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::session::Institution;

/// One notice of one person. It holds no patient data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// Id.
    pub id: NoticeId,
    /// What it tells.
    pub kind: NoticeKind,
    /// Consultation, if it is about one.
    pub consultation_id: Option<ConsultationId>,
    /// Its number.
    pub number: String,
    /// The institution it is about or from.
    pub institution: Option<Institution>,
    /// The clock it is about.
    pub clock: Option<ClockKind>,
    /// A moment it names: a deadline, a new time.
    pub at: Option<Timestamp>,
    /// A code it names: why a transfer failed, why a request was refused.
    pub code: Option<String>,
    /// What it names: an element, a message kind.
    pub item: Option<String>,
    /// Where to act: a path of this site.
    pub link: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// `GET /api/v1/notices`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoticeList {
    /// Newest first.
    pub items: Vec<Notice>,
    /// Unread in all.
    pub unread: u64,
    /// Give it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// One event of `GET /api/v1/notices/stream` (server-sent events, event name `notice`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoticeEvent {
    /// Unread in all.
    pub unread: u64,
    /// The new one; absent in the first event after connecting and after reading elsewhere.
    pub notice: Option<Notice>,
}

/// A running or ended deadline, for boards and pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deadline {
    /// Id.
    pub id: DeadlineId,
    /// What is due.
    pub kind: ClockKind,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Its number.
    pub number: String,
    /// Whose move it is.
    pub institution: Institution,
    /// When the clock started.
    pub started_at: Timestamp,
    /// When it ends.
    pub due_at: Timestamp,
    /// It has passed.
    pub overdue: bool,
    /// The clock stands still: the exchange is suspended.
    pub paused: bool,
    /// Where to act.
    pub link: String,
}

/// `GET /api/v1/exchange`: whether data is exchanged (clause 7.5 c).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExchangeStatus {
    /// Nothing is sent and all clocks stand still.
    pub suspended: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why, for those who run the system.
    pub reason: Option<String>,
}
