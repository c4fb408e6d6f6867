//! What the live room reads and writes beside its document: history, questions, templates, the room as its
//! operators see it.

use consilium_domain::{AccountId, AttachmentId, InstitutionId, QuestionId, Timestamp};
use serde::{Deserialize, Serialize};

pub use consilium_domain::QuestionState;

use crate::{live::Citation, session::Institution};

/// `GET …/{id}/live/history?after=&limit=`: the room's log (clauses 7.3 a and 8.2: who changed what and when).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomHistory {
    /// Life of the document.
    pub epoch: i64,
    /// Number of the newest entry.
    pub seq: i64,
    /// The entries asked for, in order; at most [`crate::limits::HISTORY_PAGE`].
    pub entries: Vec<HistoryEntry>,
}

/// One change of the room's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// Number, from 1 without gaps.
    pub seq: i64,
    /// When the server took it.
    pub at: Timestamp,
    /// Whose it is.
    pub author: AccountId,
    /// The change (Yjs update v1), base64.
    pub update: String,
    /// Hash of the entry before, hex.
    pub prev_hash: String,
    /// Hash of this entry, hex.
    pub hash: String,
}

/// `POST …/{id}/questions`: asks an institution something in the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuestionInput {
    /// Whom.
    pub institution_id: InstitutionId,
    /// What; 1 to 2000 characters.
    pub text: String,
    /// Line of the discussion it comes from; may be empty.
    #[serde(default)]
    pub line_id: String,
    /// Minutes to answer, 5 to 1440; 30 when absent.
    #[serde(default)]
    pub within_minutes: Option<u32>,
}

/// `POST …/questions/{id}/answer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerInput {
    /// The answer; 1 to 2000 characters.
    pub text: String,
    /// What it points at; at most 20.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub cites: Vec<Citation>,
}

/// `GET …/{id}/questions`: a question to an institution, a task with a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// Which.
    pub id: QuestionId,
    /// Who asks.
    pub asked_by: AccountId,
    /// Name of who asks.
    pub asked_by_name: String,
    /// Their institution.
    pub from: Institution,
    /// Who is asked.
    pub to: Institution,
    /// The question.
    pub text: String,
    /// Line of the discussion it comes from; may be empty.
    pub line_id: String,
    /// State.
    pub state: QuestionState,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when an answer is expected.
    pub due_at: Timestamp,
    /// Open beyond its time.
    pub overdue: bool,
    /// The answer; empty while there is none.
    pub answer: String,
    /// What the answer points at.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub cites: Vec<Citation>,
    /// Name of who answered.
    pub answered_by_name: String,
    /// When.
    pub answered_at: Option<Timestamp>,
    /// The reader may answer it.
    pub may_answer: bool,
    /// The reader may take it back.
    pub may_withdraw: bool,
}

/// `GET …/{id}/attachments`: a document or picture added in the session (clause 7.3 b), with its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// Which.
    pub id: AttachmentId,
    /// Whose it is.
    pub institution: Institution,
    /// Who added it.
    pub added_by_name: String,
    /// Its name, what identifies the patient masked.
    pub name: String,
    /// `application/pdf`, `image/png` or `image/jpeg`, by its content.
    pub media: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the content, hex.
    pub sha256: String,
    /// When it was added.
    pub added_at: Timestamp,
}

/// A skeleton of an opinion for a specialty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpinionTemplate {
    /// Stable code.
    pub code: String,
    /// Specialty it is meant for, as in accounts; empty for all.
    pub specialty: String,
    /// Title, Chinese.
    pub title_zh: String,
    /// Title, English.
    pub title_en: String,
    /// Text, Chinese.
    pub text_zh: String,
    /// Text, English.
    pub text_en: String,
}

/// `GET /api/v1/operations/figures`: the live rooms and how the server does with them; totals since it started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomFigures {
    /// When this was so.
    pub at: Timestamp,
    /// Rooms in memory, private documents among them.
    pub rooms_in_memory: u32,
    /// Open connections.
    pub connections: u32,
    /// Rooms that cannot store now.
    pub read_only: u32,
    /// Frames waiting in the fullest queue of a connection.
    pub queue_frames: u32,
    /// Bytes waiting in the fullest queue of a connection.
    pub queue_bytes: u64,
    /// Changes made durable.
    pub changes: u64,
    /// Bytes of changes made durable.
    pub log_bytes: u64,
    /// How long each step takes.
    pub times: Vec<StepTimes>,
    /// Frames refused, by reason, most first.
    pub refused: Vec<Count>,
    /// Pages that had to read again, by reason, most first.
    pub resyncs: Vec<Count>,
    /// The rooms, at most [`crate::limits::ROOMS_SHOWN`].
    pub rooms: Vec<RoomStatus>,
}

/// A step of a change on its way through the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoomStep {
    /// Judged and applied.
    Apply,
    /// Written and synced, with whatever else waited.
    Commit,
    /// Given to the queues of the others.
    Broadcast,
}

/// How long a step takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepTimes {
    /// Which.
    pub step: RoomStep,
    /// How often it was done.
    pub count: u64,
    /// Half of them took at most so many microseconds; absent beyond 5 s, and when there were none.
    pub p50_us: Option<u64>,
    /// 95 of a hundred took at most so many microseconds.
    pub p95_us: Option<u64>,
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Count {
    /// Stable code.
    pub reason: String,
    /// Times.
    pub count: u64,
}

/// `GET /api/v1/operations/rooms`: a room in memory, without anything of its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomStatus {
    /// Number of the consultation.
    pub number: String,
    /// Somebody's private document, not the shared one.
    pub private: bool,
    /// Connections.
    pub connections: u32,
    /// Number of the newest durable change.
    pub seq: i64,
    /// Bytes of the document.
    pub document_bytes: u64,
    /// Changes that wait to become durable.
    pub unwritten: u32,
    /// Frames waiting in the fullest queue of a connection.
    pub queue_frames: u32,
    /// Bytes waiting in the fullest queue of a connection.
    pub queue_bytes: u64,
    /// Frames refused since it was loaded.
    pub refused: u64,
    /// Readers sent to resync since it was loaded.
    pub resyncs: u64,
    /// Cannot store now.
    pub read_only: bool,
}
