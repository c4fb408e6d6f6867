//! Exchange messages: everything that crosses from one institution to another (architecture, section 1).
//! Typed, versioned, idempotent by id, signed by the sender, in order within one consultation.

use consilium_domain::{
    ConsultationId, ConsultationKind, DataCategory, DataRequestId, InstitutionId, InvitationId, IssueId,
    MessageId, MessageKind, OpinionId, PackageId, QuestionId, ReportId, SubmissionId, Timestamp,
    TransferState, Urgency, invitation::Answer,
};
use serde::{Deserialize, Serialize};

use crate::{
    consultation::MaskedPatient,
    live::Citation,
    preparation::{Expert, IssueBody, ItemReference, RequestBody},
    session::Institution,
};

/// Version of the message format.
pub const VERSION: u16 = 1;

/// Which masking rules a message was made under (clause 8.3.1: uniform across centres).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleSetRef {
    /// Version of the rule set.
    pub version: String,
    /// SHA-256 of its canonical bytes, hex.
    pub hash: String,
}

/// A message with its addresses. The signature covers the JSON of all other fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope {
    /// Id: the same message has one effect, however often it comes.
    pub id: MessageId,
    /// Format version, [`VERSION`].
    pub version: u16,
    /// Consultation it belongs to.
    pub consultation: ConsultationId,
    /// Sender.
    pub from: InstitutionId,
    /// Receiver.
    pub to: InstitutionId,
    /// Place in the order of messages of this consultation between these two, from 1 without gaps.
    pub seq: u64,
    /// Place of the message before it; those between were given up by the sender. 0 for the first.
    #[serde(default)]
    pub after: u64,
    /// When it was written.
    pub sent_at: Timestamp,
    /// Masking rules it was made under.
    pub rules: RuleSetRef,
    /// What it says.
    pub body: Body,
    /// Signing key.
    #[serde(default)]
    pub key_id: String,
    /// Ed25519 signature over the canonical JSON without `key_id` and `signature`, hex.
    #[serde(default)]
    pub signature: String,
}

/// The parts of an invitation (clause 7.2 b): number, masked basics, time, need, data wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationBody {
    /// The invitation.
    pub invitation_id: InvitationId,
    /// 1. Consultation number.
    pub number: String,
    /// 2. Patient basics, masked.
    pub patient: MaskedPatient,
    /// 3. Time of the session.
    pub scheduled_at: Timestamp,
    /// Planned length, minutes.
    pub duration_minutes: u16,
    /// 4. Need, its free text scrubbed.
    pub need: String,
    /// Preliminary diagnosis.
    pub preliminary_diagnosis: String,
    /// 5. Data wanted.
    pub wanted: Vec<DataCategory>,
    /// Type.
    pub kind: ConsultationKind,
    /// Urgency: decides the length of the answer clock.
    pub urgency: Urgency,
    /// The answer is due this long after delivery, ms.
    pub answer_within_ms: i64,
}

/// A question of the session on its way; its texts are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuestionBody {
    /// The question.
    pub question_id: QuestionId,
    /// What is asked.
    pub text: String,
    /// An answer is expected within this time of delivery, ms.
    pub answer_within_ms: i64,
}

/// The answer to a question of the session on its way; its texts are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerBody {
    /// The question.
    pub question_id: QuestionId,
    /// The answer.
    pub text: String,
    /// What it points at.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub cites: Vec<Citation>,
    /// When it was given.
    pub answered_at: Timestamp,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "content", rename_all = "snake_case")]
pub enum Body {
    /// Lead to participant.
    Invitation(Box<InvitationBody>),
    /// Participant to lead.
    InvitationAnswer {
        /// The invitation.
        invitation_id: InvitationId,
        /// The time of the session that was answered; an answer to another time has no effect.
        scheduled_at: Timestamp,
        /// The answer.
        answer: Answer,
        /// When it was given.
        answered_at: Timestamp,
        /// Experts who will take part.
        experts: Vec<Expert>,
        /// Earliest date of data the participant can give.
        data_from: Option<Timestamp>,
    },
    /// Lead to participant.
    InvitationRevoked {
        /// The invitation.
        invitation_id: InvitationId,
        /// Why.
        reason: String,
    },
    /// Participant to lead.
    InvitationWithdrawn {
        /// The invitation.
        invitation_id: InvitationId,
        /// Why.
        reason: String,
    },
    /// Lead to participant: a new time to confirm.
    Reschedule {
        /// The invitation.
        invitation_id: InvitationId,
        /// New time.
        scheduled_at: Timestamp,
        /// Why.
        reason: String,
        /// The answer is due this long after delivery, ms.
        answer_within_ms: i64,
    },
    /// From one institution in the session to another (clause 7.3 e).
    Question(Box<QuestionBody>),
    /// Back to the one who asked.
    Answer(Box<AnswerBody>),
    /// From the one who asked: taken back.
    QuestionWithdrawn {
        /// The question.
        question_id: QuestionId,
    },
    /// To a participant: of the lead, or in session of any institution.
    DataRequest(Box<RequestBody>),
    /// Participant to lead.
    DataRequestAnswer {
        /// The request.
        request_id: DataRequestId,
        /// Found legitimate.
        verified: bool,
        /// Why not: one of the `data_request.*` codes, or empty.
        code: String,
        /// In the participant's words.
        reason: String,
    },
    /// Lead to participant.
    DataRequestCancelled {
        /// The request.
        request_id: DataRequestId,
        /// Why.
        reason: String,
    },
    /// Data released to the lead: what it is, by hash. The rows themselves follow by reference.
    Submission {
        /// The submission.
        submission_id: SubmissionId,
        /// The request it answers; none for data the lead collects itself.
        request_id: Option<DataRequestId>,
        /// The items with their hashes.
        items: Vec<ItemReference>,
        /// SHA-256 over the items' hashes in order, hex.
        manifest_hash: String,
    },
    /// Lead to participant: taken, or sent back with a reason.
    SubmissionResult {
        /// The submission.
        submission_id: SubmissionId,
        /// The request.
        request_id: Option<DataRequestId>,
        /// Taken.
        accepted: bool,
        /// Why not.
        reason: String,
    },
    /// Receiver to sender of data (clause 7.5 b).
    Correction(Box<IssueBody>),
    /// Lead to participant.
    CorrectionResult {
        /// The notice.
        issue_id: IssueId,
        /// `verified`, `rejected` or `waived`.
        result: String,
        /// Why.
        reason: String,
    },
    /// Lead to participants.
    Package {
        /// The package.
        package_id: PackageId,
        /// Version, from 1.
        version: i32,
        /// SHA-256 of its manifest, hex.
        manifest_hash: String,
        /// Open to the participants.
        shared: bool,
    },
    /// Lead to participants: the session began, or ended.
    Session {
        /// Began (or ended).
        started: bool,
        /// When.
        at: Timestamp,
    },
    /// Lead to participants: given up.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// Author's institution to all others.
    Opinion {
        /// The opinion.
        opinion_id: OpinionId,
        /// SHA-256 of the signed content, hex.
        content_hash: String,
    },
    /// Lead to participants.
    Report {
        /// The report.
        report_id: ReportId,
        /// Version.
        version: i32,
        /// SHA-256 of the signed content, hex.
        content_hash: String,
    },
    /// Exchange stopped or taken up again (clause 7.5 c).
    Suspension {
        /// Stopped (or taken up again).
        suspended: bool,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

impl Body {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Invitation(_) => MessageKind::Invitation,
            Self::InvitationAnswer { .. } => MessageKind::InvitationAnswer,
            Self::InvitationRevoked { .. } => MessageKind::InvitationRevoked,
            Self::InvitationWithdrawn { .. } => MessageKind::InvitationWithdrawn,
            Self::Reschedule { .. } => MessageKind::Reschedule,
            Self::DataRequest(_) => MessageKind::DataRequest,
            Self::DataRequestAnswer { .. } => MessageKind::DataRequestAnswer,
            Self::DataRequestCancelled { .. } => MessageKind::DataRequestCancelled,
            Self::Submission { .. } => MessageKind::Submission,
            Self::SubmissionResult { .. } => MessageKind::SubmissionResult,
            Self::Correction(_) => MessageKind::Correction,
            Self::CorrectionResult { .. } => MessageKind::CorrectionResult,
            Self::Package { .. } => MessageKind::Package,
            Self::Session { .. } => MessageKind::Session,
            Self::Cancelled { .. } => MessageKind::Cancelled,
            Self::Opinion { .. } => MessageKind::Opinion,
            Self::Report { .. } => MessageKind::Report,
            Self::Question(_) => MessageKind::Question,
            Self::Answer(_) => MessageKind::Answer,
            Self::QuestionWithdrawn { .. } => MessageKind::QuestionWithdrawn,
            Self::Suspension { .. } => MessageKind::Suspension,
        }
    }
}

/// What the receiver gives back once the message has had its effect, durably.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// The message.
    pub message_id: MessageId,
    /// When it was taken in first.
    pub received_at: Timestamp,
    /// It had come before; this time it had no effect.
    pub duplicate: bool,
}

/// `GET /api/v1/transfers`: one delivery as its sender sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transfer {
    /// The message.
    pub id: MessageId,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Its number.
    pub number: String,
    /// Receiver.
    pub to: Institution,
    /// What it says.
    pub kind: MessageKind,
    /// State.
    pub state: TransferState,
    /// Tries of this run.
    pub tries: u32,
    /// Run, from 1; each resend by hand is a new one.
    pub run: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When the next try is due.
    pub next_at: Option<Timestamp>,
    /// When it was acknowledged.
    pub delivered_at: Option<Timestamp>,
    /// Code of the last failure.
    pub cause: Option<String>,
    /// It waits behind an earlier message of the same consultation that is parked.
    pub held: bool,
    /// The reader may resend it.
    pub may_resend: bool,
    /// The reader may give it up.
    pub may_abandon: bool,
}

/// A page of transfers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferList {
    /// Newest first.
    pub items: Vec<Transfer>,
    /// Parked ones in all.
    pub failed: u64,
    /// The exchange is suspended since.
    pub suspended_since: Option<Timestamp>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(default)]
    pub next_cursor: Option<String>,
}
