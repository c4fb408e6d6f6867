//! Closed lists of the standard and of this system. Codes are `snake_case` on every wire.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A code that is not in its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?} is not a {list}")]
pub struct UnknownCode {
    /// The list that was looked in.
    pub list: &'static str,
    /// What was found instead.
    pub code: String,
}

// `tt`, not `literal`: a literal fragment is hidden from other macros, and the interface document would then name
// the variants instead of the codes.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:tt),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code used on the wire and in tables.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;
            fn from_str(code: &str) -> Result<Self, UnknownCode> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|of| of.code() == code)
                    .ok_or_else(|| UnknownCode { list: stringify!($name), code: code.to_owned() })
            }
        }

        // By hand: the derived one is kilobytes of browser code for each list.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

codes! {
    /// What an account may be used for (clause 8.1.2). Lead or participant is a matter of each
    /// consultation, not of the account.
    Role {
        /// Administrator and coordinator of an institution.
        Admin = "admin",
        /// Ordinary operator of an institution.
        Operator = "operator",
        /// Consultant (会诊专家).
        Expert = "expert",
        /// Reads finished reports of the own institution's consultations.
        Reviewer = "reviewer",
        /// Reads the audit log, not charts.
        Auditor = "auditor",
        /// Runs the system; never reads clinical content.
        Ops = "ops",
    }

    /// Sex by GB/T 2261.1.
    Sex {
        /// 未知的性别 (0)
        Unknown = "unknown",
        /// 男 (1)
        Male = "male",
        /// 女 (2)
        Female = "female",
        /// 未说明的性别 (9)
        Unstated = "unstated",
    }

    /// Type of consultation (clause 1).
    ConsultationKind {
        /// 综合会诊
        General = "general",
        /// 专科会诊
        Specialty = "specialty",
        /// 病例讨论
        CaseDiscussion = "case_discussion",
    }

    /// How soon a consultation must take place.
    Urgency {
        /// The clocks of clause 7.2.
        Routine = "routine",
        /// Short clocks, recorded as a deviation.
        Urgent = "urgent",
    }

    /// The six data categories of Table 1.
    DataCategory {
        /// 患者基本信息
        PatientBasics = "patient_basics",
        /// 临床诊断信息
        Diagnosis = "diagnosis",
        /// 检验检查信息
        LabExam = "lab_exam",
        /// 影像数据
        Imaging = "imaging",
        /// 治疗相关信息
        Treatment = "treatment",
        /// 会诊相关信息
        Consultation = "consultation",
    }

    /// Where a consultation stands (`domain.md` section 2.2).
    ConsultationState {
        /// 草稿
        Draft = "draft",
        /// 邀请中
        Inviting = "inviting",
        /// 准备中
        Preparing = "preparing",
        /// 就绪
        Ready = "ready",
        /// 会诊中
        InSession = "in_session",
        /// 总结中
        Summarising = "summarising",
        /// 已出报告
        Concluded = "concluded",
        /// 已取消
        Cancelled = "cancelled",
        /// 暂停: a system fault stopped the exchange (clause 7.5 c).
        Suspended = "suspended",
        /// 已归档
        Archived = "archived",
    }

    /// Where an invitation stands.
    InvitationState {
        /// On its way: the exchange has not yet acknowledged it.
        Sent = "sent",
        /// Delivered, waiting for an answer.
        Delivered = "delivered",
        /// Accepted before, and asked to confirm a new time.
        Reconfirming = "reconfirming",
        /// The institution takes part.
        Accepted = "accepted",
        /// The institution does not take part, with a reason.
        Declined = "declined",
        /// No answer within the term (clause 7.2 c).
        Expired = "expired",
        /// Taken back by the lead.
        Revoked = "revoked",
        /// Accepted, then taken back by the participant before the session, with a reason.
        Withdrawn = "withdrawn",
    }

    /// Where a data request stands (clauses 7.2 e and f). Overdue is a flag of its clock, not a state.
    DataRequestState {
        /// Written, not sent.
        Drafted = "drafted",
        /// Sent to the participant.
        Sent = "sent",
        /// Found legitimate by the participant.
        Verified = "verified",
        /// Refused by the participant or by rule, with a code.
        Refused = "refused",
        /// Data is being collected.
        Extracting = "extracting",
        /// Data was released to the lead.
        Submitted = "submitted",
        /// The lead has taken the data.
        Accepted = "accepted",
        /// The lead has sent the data back.
        Returned = "returned",
        /// Taken back by the lead.
        Cancelled = "cancelled",
    }

    /// Where a submission stands.
    SubmissionState {
        /// Begun, empty.
        Open = "open",
        /// Items arrive.
        Uploading = "uploading",
        /// Complete and digest right.
        Received = "received",
        /// Being checked against the dictionary.
        Validating = "validating",
        /// At least one item could be stored.
        Accepted = "accepted",
        /// Nothing of it could be stored.
        Rejected = "rejected",
        /// A corrected version has taken its place; kept.
        Superseded = "superseded",
    }

    /// Where a correction notice stands (clause 7.5 b).
    IssueState {
        /// Raised, on its way.
        Open = "open",
        /// Delivered to the sender of the data.
        Notified = "notified",
        /// A new version has been sent.
        Corrected = "corrected",
        /// The lead has found the new version right.
        Verified = "verified",
        /// The lead does without it, with a reason.
        Waived = "waived",
    }

    /// Where a version of the case package stands (clause 7.2 g).
    PackageState {
        /// Being put together.
        Building = "building",
        /// Checked; scores are known.
        Validated = "validated",
        /// Hashed and fixed.
        Frozen = "frozen",
        /// Open to all accepted participants since the session began.
        Shared = "shared",
        /// A later version has taken its place; kept.
        Superseded = "superseded",
        /// Archived with the consultation.
        Sealed = "sealed",
    }

    /// Where a question of the session to an institution stands (clause 7.3 e).
    QuestionState {
        /// Waits for an answer.
        Open = "open",
        /// Was answered.
        Answered = "answered",
        /// Was taken back by the one who asked.
        Withdrawn = "withdrawn",
    }

    /// Where the patient's informed consent stands (clause 8.3.2).
    ConsentState {
        /// Being prepared.
        Draft = "draft",
        /// Laid before the patient or guardian.
        Proposed = "proposed",
        /// Signed and in force.
        Active = "active",
        /// Withdrawn or run out.
        Inactive = "inactive",
        /// Not given.
        Rejected = "rejected",
    }

    /// Where one delivery of an exchange message stands (clause 7.5 a).
    TransferState {
        /// Waiting for its turn.
        Queued = "queued",
        /// A try is under way.
        Sending = "sending",
        /// A try failed; the next one has its time.
        Waiting = "waiting",
        /// Acknowledged by the receiver.
        Delivered = "delivered",
        /// All tries used, or refused for good: parked until a person acts.
        Failed = "failed",
        /// Given up by a person, with a reason.
        Abandoned = "abandoned",
    }

    /// What an exchange message says.
    MessageKind {
        /// Invitation with its five parts (7.2 b).
        Invitation = "invitation",
        /// Answer to an invitation (7.2 c).
        InvitationAnswer = "invitation_answer",
        /// Invitation taken back by the lead.
        InvitationRevoked = "invitation_revoked",
        /// Acceptance taken back by the participant.
        InvitationWithdrawn = "invitation_withdrawn",
        /// New time, to be confirmed.
        Reschedule = "reschedule",
        /// Itemised data request (7.2 e).
        DataRequest = "data_request",
        /// Found legitimate or refused (7.2 f).
        DataRequestAnswer = "data_request_answer",
        /// Data request taken back.
        DataRequestCancelled = "data_request_cancelled",
        /// Data released to the lead (7.2 f).
        Submission = "submission",
        /// Data taken or sent back (7.2 g).
        SubmissionResult = "submission_result",
        /// Correction notice (7.5 b).
        Correction = "correction",
        /// Correction verified, refused or waived.
        CorrectionResult = "correction_result",
        /// A version of the case package was frozen or shared (7.2 g, 7.3 a).
        Package = "package",
        /// The session began or ended.
        Session = "session",
        /// The consultation was cancelled.
        Cancelled = "cancelled",
        /// A stage opinion was submitted (7.3 d).
        Opinion = "opinion",
        /// The report was signed (7.4 b).
        Report = "report",
        /// A question of the session (7.3 e).
        Question = "question",
        /// The answer to a question of the session.
        Answer = "answer",
        /// A question of the session taken back.
        QuestionWithdrawn = "question_withdrawn",
        /// Exchange stopped or taken up again after a fault (7.5 c).
        Suspension = "suspension",
    }

    /// Duties with a clock (`domain.md` section 2.3).
    ClockKind {
        /// Answer an invitation (7.2 c).
        InvitationAnswer = "invitation_answer",
        /// Provide requested data (7.2 f).
        DataProvision = "data_provision",
        /// Correct data (7.5 b).
        Correction = "correction",
        /// Give an opinion (4.2.1 d).
        Opinion = "opinion",
        /// Answer a question of the session (7.3 e).
        Question = "question",
    }

    /// What a notice tells.
    NoticeKind {
        /// An invitation to answer has come.
        InvitationReceived = "invitation_received",
        /// An institution has accepted.
        InvitationAccepted = "invitation_accepted",
        /// An institution has declined.
        InvitationDeclined = "invitation_declined",
        /// An invitation ran out without an answer.
        InvitationExpired = "invitation_expired",
        /// The lead took an invitation back.
        InvitationRevoked = "invitation_revoked",
        /// A participant withdrew.
        InvitationWithdrawn = "invitation_withdrawn",
        /// All have answered; preparation can begin.
        InvitationsSettled = "invitations_settled",
        /// Fewer than two accepted; back to draft.
        TooFewAccepted = "too_few_accepted",
        /// A new time to confirm.
        Rescheduled = "rescheduled",
        /// A data request has come.
        DataRequestReceived = "data_request_received",
        /// A data request was found legitimate.
        DataRequestVerified = "data_request_verified",
        /// A data request was refused.
        DataRequestRefused = "data_request_refused",
        /// A data request was taken back.
        DataRequestCancelled = "data_request_cancelled",
        /// Data has arrived.
        SubmissionReceived = "submission_received",
        /// Data was taken.
        SubmissionAccepted = "submission_accepted",
        /// Data was sent back.
        SubmissionReturned = "submission_returned",
        /// Data must be corrected.
        CorrectionRequested = "correction_requested",
        /// A corrected version has arrived.
        CorrectionReceived = "correction_received",
        /// A correction was found right.
        CorrectionVerified = "correction_verified",
        /// A correction was found wrong; correct again.
        CorrectionRejected = "correction_rejected",
        /// The lead does without a correction.
        CorrectionWaived = "correction_waived",
        /// A case package was frozen.
        PackageFrozen = "package_frozen",
        /// The session began.
        SessionStarted = "session_started",
        /// The session ended; opinions are due.
        SessionEnded = "session_ended",
        /// The consultation was cancelled.
        ConsultationCancelled = "consultation_cancelled",
        /// An opinion was submitted.
        OpinionSubmitted = "opinion_submitted",
        /// A question of the session to the own institution has come.
        QuestionAsked = "question_asked",
        /// A question of the session was answered.
        QuestionAnswered = "question_answered",
        /// A question of the session was taken back.
        QuestionWithdrawn = "question_withdrawn",
        /// The report was signed.
        ReportSigned = "report_signed",
        /// A deadline comes near.
        DeadlineNear = "deadline_near",
        /// A deadline has passed.
        DeadlinePassed = "deadline_passed",
        /// A message could not be delivered.
        TransferFailed = "transfer_failed",
        /// The exchange is suspended.
        ExchangeSuspended = "exchange_suspended",
        /// The exchange goes on.
        ExchangeResumed = "exchange_resumed",
        /// Consent was withdrawn or ran out.
        ConsentEnded = "consent_ended",
        /// An expert is named in two consultations at one time.
        ExpertDoubleBooked = "expert_double_booked",
    }

    /// Relation of a guardian to the patient (GB/T 4761, grouped).
    GuardianRelation {
        /// 父母
        Parent = "parent",
        /// 配偶
        Spouse = "spouse",
        /// 成年子女
        Child = "child",
        /// 其他近亲属
        Relative = "relative",
        /// 其他法定监护人
        Other = "other",
    }

    /// What one row of exchanged data is.
    RecordKind {
        /// 患者基本信息: one a package.
        Patient = "patient",
        /// 临床诊断信息: one a package.
        Clinical = "clinical",
        /// One laboratory result (检验).
        Lab = "lab",
        /// One examination (检查).
        Exam = "exam",
        /// One imaging study.
        Imaging = "imaging",
        /// 治疗相关信息.
        Treatment = "treatment",
        /// 会诊相关信息.
        Consultation = "consultation",
    }

    /// Why an element has no value: FHIR `data-absent-reason`, in the spelling of this system's wires. All but
    /// "not applicable" are missing values that are explained.
    AbsentReason {
        /// Nobody asked.
        NotAsked = "not_asked",
        /// Asked, the answer was not known (FHIR `asked-unknown`).
        AskedUnknown = "asked_unknown",
        /// The patient refused (FHIR `asked-declined`).
        Refused = "refused",
        /// It cannot have a value for this patient or item; never counted.
        NotApplicable = "not_applicable",
        /// The test or exam was not performed.
        NotPerformed = "not_performed",
        /// Not yet known, expected later (FHIR `temp-unknown`).
        Pending = "pending",
        /// Withheld for privacy (FHIR `masked`).
        Masked = "masked",
        /// The source system cannot give it (FHIR `unsupported`).
        Unsupported = "unsupported",
        /// Unknown, with an explanation in the value.
        UnknownExplained = "unknown_explained",
    }

    /// How much a finding weighs.
    Severity {
        /// The value counts as wrong.
        Error = "error",
        /// Worth a look; the value counts.
        Warning = "warning",
    }

    /// How an element is masked on its way to another institution (clause 8.3.1).
    MaskKind {
        /// Stays as it is.
        Keep = "keep",
        /// A keyed pseudonym: the safe form already.
        Pseudonym = "pseudonym",
        /// A person's name.
        Name = "name",
        /// Resident identity number (GB 11643).
        IdNumber = "id_number",
        /// Number of another identity document.
        Document = "document",
        /// A phone number.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
        /// Bank card, insurance card, messenger account.
        Account = "account",
        /// A postal address: down to the district.
        Address = "address",
        /// Native place: province and city.
        NativePlace = "native_place",
        /// A birth date: the year.
        BirthDate = "birth_date",
        /// An age in years: capped in export.
        Age = "age",
        /// Ethnicity: dropped in export.
        Ethnicity = "ethnicity",
        /// A local record number: removed.
        RecordNumber = "record_number",
        /// Free text: scrubbed.
        FreeText = "free_text",
        /// A DICOM unique identifier: replaced.
        Uid = "uid",
    }

    /// Who signed the informed consent (clause 8.3.2).
    ConsentSigner {
        /// The patient.
        Patient = "patient",
        /// A guardian: required under the age of 14.
        Guardian = "guardian",
    }

    /// What a resumable upload is for.
    UploadPurpose {
        /// One DICOM file.
        Dicom = "dicom",
        /// Rows of clinical data.
        Submission = "submission",
        /// The scanned consent form.
        ConsentForm = "consent_form",
        /// A document or picture for all in the session.
        Attachment = "attachment",
    }

    /// How a resumable upload comes.
    UploadKind {
        /// In one piece after the other.
        Whole = "whole",
        /// As a part of another.
        Partial = "partial",
        /// Put together from parts.
        Final = "final",
    }

    /// Where a resumable upload stands.
    UploadState {
        /// Takes bytes.
        Open = "open",
        /// All bytes are there; the content is being taken.
        Received = "received",
        /// The content was taken.
        Stored = "stored",
        /// All bytes are there; a person has to say whose images they are.
        Unconfirmed = "unconfirmed",
        /// The content was refused.
        Refused = "refused",
        /// Ended by its owner, or a part that was used up.
        Removed = "removed",
        /// Its time is over.
        Expired = "expired",
    }
}

impl Sex {
    /// The code of GB/T 2261.1.
    #[must_use]
    pub const fn gb_code(self) -> &'static str {
        match self {
            Self::Unknown => "0",
            Self::Male => "1",
            Self::Female => "2",
            Self::Unstated => "9",
        }
    }

    /// From the code of GB/T 2261.1.
    #[must_use]
    pub fn from_gb(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|sex| sex.gb_code() == code)
    }
}

impl RecordKind {
    /// Counted row by row: a package may hold any number of them. The other kinds are one a package, perhaps put
    /// together from several institutions.
    #[must_use]
    pub const fn is_row(self) -> bool {
        matches!(self, Self::Lab | Self::Exam | Self::Imaging)
    }

    /// The category of Table 1 it belongs to.
    #[must_use]
    pub const fn category(self) -> DataCategory {
        match self {
            Self::Patient => DataCategory::PatientBasics,
            Self::Clinical => DataCategory::Diagnosis,
            Self::Lab | Self::Exam => DataCategory::LabExam,
            Self::Imaging => DataCategory::Imaging,
            Self::Treatment => DataCategory::Treatment,
            Self::Consultation => DataCategory::Consultation,
        }
    }
}
