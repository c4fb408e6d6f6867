//! The consultation resource: request form, worklist row, page.

use consilium_domain::{
    AccountId, ConsentSigner, ConsultationId, ConsultationKind, ConsultationState, DataCategory,
    InstitutionId, InvitationState, Masked, OpinionId, Sex, Timestamp, Urgency,
    consultation::Command,
    permission::RoomRights,
    person::{Age, BirthDate},
};
use serde::{Deserialize, Serialize};

use crate::{live::Person, session::Institution};

/// Patient data as the lead enters it (Table 1, category 1). It is never sent back in this form.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct PatientInput {
    /// 姓名
    pub name: String,
    /// 性别
    pub sex: Option<Sex>,
    /// 出生日期; may be left out when the identity number is given.
    pub birth_date: Option<BirthDate>,
    /// 居民身份证号 (GB 11643); empty when `other_number` is given instead.
    pub id_number: String,
    /// Another document or foreign record number that identifies the person.
    pub other_number: String,
    /// 联系方式
    pub phone: String,
    /// 民族
    pub ethnicity: String,
    /// 籍贯
    pub native_place: String,
    /// 住址
    pub address: String,
    /// Local record number (住院号): matches the DICOM Patient ID of the hospital's images.
    pub record_number: String,
    /// Infectious disease: stricter masking (clause 8.3.2).
    pub infectious: bool,
}

impl std::fmt::Debug for PatientInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PatientInput(..)")
    }
}

/// Clinical data as entered (Table 1, category 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Clinical {
    /// 初步诊断
    pub preliminary_diagnosis: String,
    /// ICD-10 code of the preliminary diagnosis; may be empty.
    pub diagnosis_code: String,
    /// 会诊需求: the question to the consultants.
    pub need: String,
    /// 主诉
    pub chief_complaint: String,
    /// 现病史
    pub present_illness: String,
    /// 既往史
    pub past_history: String,
    /// 用药史 and other treatment so far.
    pub treatment: String,
    /// Laboratory results in short lines.
    pub lab_summary: String,
    /// 个人史
    pub personal_history: String,
    /// 家族史
    pub family_history: String,
    /// 体格检查
    pub physical_exam: String,
    /// 诊断依据
    pub diagnosis_basis: String,
    /// 会诊目的
    pub purpose: String,
    /// Specialty or title wanted of the experts.
    pub wanted_specialty: String,
}

/// The patient's informed consent (clause 8.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consent {
    /// Who signed.
    pub signer: ConsentSigner,
    /// Version of the text that was signed.
    pub text_version: String,
}

/// `POST /api/v1/consultations`, `PUT /api/v1/consultations/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsultationInput {
    /// Type.
    pub kind: ConsultationKind,
    /// Urgency.
    #[serde(default = "routine")]
    pub urgency: Urgency,
    /// The patient.
    pub patient: PatientInput,
    /// Clinical data.
    pub clinical: Clinical,
    /// When the session shall take place.
    pub scheduled_at: Timestamp,
    /// Planned length, minutes.
    #[serde(default = "hour")]
    pub duration_minutes: u16,
    /// Institutions to invite: at least two, not the lead itself.
    pub participants: Vec<InstitutionId>,
    /// Data wanted from the participants.
    pub wanted: Vec<DataCategory>,
    /// Consent; without it a draft can be saved but no invitation sent.
    #[serde(default)]
    pub consent: Option<Consent>,
}

const fn routine() -> Urgency {
    Urgency::Routine
}
const fn hour() -> u16 {
    60
}

/// The patient as every institution of the consultation sees them (clause 8.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MaskedPatient {
    /// Platform identifier: keyed, irreversible (clause 8.2.2), 32 hex characters.
    pub platform_id: String,
    /// Masked name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Masked<String>,
    /// Sex.
    pub sex: Sex,
    /// Age now.
    pub age: Option<Age>,
    /// Masked identity or document number.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub number: Option<Masked<String>>,
    /// Masked phone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub phone: Option<Masked<String>>,
    /// Ethnicity.
    pub ethnicity: String,
    /// Native place.
    pub native_place: String,
    /// Under 14: extra protection (clause 8.3.2).
    pub minor: bool,
    /// Infectious disease: extra protection (clause 8.3.2).
    #[serde(default)]
    pub infectious: bool,
}

/// One institution's part in a consultation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Participant {
    /// The institution.
    pub institution: Institution,
    /// Where its invitation stands; `None` while the consultation is a draft.
    pub state: Option<InvitationState>,
    /// Until when it must answer.
    pub due_at: Option<Timestamp>,
    /// When it answered.
    pub answered_at: Option<Timestamp>,
    /// What it can provide.
    pub can_provide: Vec<DataCategory>,
    /// Why it declined or withdrew.
    pub reason: Option<String>,
    /// Earliest date of data it can give.
    #[serde(default)]
    pub data_from: Option<Timestamp>,
    /// Experts it has named.
    #[serde(default)]
    pub experts: Vec<crate::preparation::Expert>,
    /// When the invitation reached it.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// Its answer is written but has not reached the lead yet.
    #[serde(default)]
    pub answer_under_way: bool,
    /// Its experts have submitted an opinion.
    pub opinion_submitted: bool,
}

/// One row of the worklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsultationRow {
    /// Id.
    pub id: ConsultationId,
    /// Number issued by the system (clause 7.2 a).
    pub number: String,
    /// Type.
    pub kind: ConsultationKind,
    /// Urgency.
    pub urgency: Urgency,
    /// State.
    pub state: ConsultationState,
    /// Patient, masked.
    pub patient: MaskedPatient,
    /// Preliminary diagnosis.
    pub preliminary_diagnosis: String,
    /// Lead institution.
    pub lead: Institution,
    /// Participants.
    pub participants: Vec<Participant>,
    /// Time of the session.
    pub scheduled_at: Timestamp,
    /// The reader's institution must act next.
    pub my_move: bool,
    /// What the reader may do now, the next step first.
    pub allowed: Vec<Act>,
    /// The deadline that runs now, if any.
    pub due_at: Option<Timestamp>,
    /// Last change.
    pub updated_at: Timestamp,
}

/// Something the reader may do with a consultation now. Server and page agree through this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Answer the invitation.
    Answer,
    /// Send the invitations.
    Invite,
    /// Edit the draft.
    Edit,
    /// Choose a new time.
    Reschedule,
    /// Take an acceptance back.
    Withdraw,
    /// Work on requests, submissions and corrections.
    Data,
    /// See the case package.
    Package,
    /// Record or see the consent.
    Consent,
    /// Declare ready.
    Ready,
    /// Start the session.
    Start,
    /// End the session.
    End,
    /// Enter the live room.
    EnterRoom,
    /// Submit an opinion.
    SubmitOpinion,
    /// Write and sign the report.
    Sign,
    /// Read the report.
    ReadReport,
    /// Upload images.
    Upload,
    /// See images.
    ViewImages,
    /// Cancel.
    Cancel,
}

/// A page of rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsultationList {
    /// Rows, newest change first.
    pub items: Vec<ConsultationRow>,
    /// Give it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// `GET /api/v1/consultations/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "crate::flat::FlatConsultation")]
pub struct Consultation {
    /// What the worklist shows.
    #[serde(flatten)]
    pub row: ConsultationRow,
    /// Clinical data.
    pub clinical: Clinical,
    /// Planned length, minutes.
    pub duration_minutes: u16,
    /// Data wanted.
    pub wanted: Vec<DataCategory>,
    /// Consent on record.
    pub consent: Option<Consent>,
    /// Session start.
    pub started_at: Option<Timestamp>,
    /// Session end.
    pub ended_at: Option<Timestamp>,
    /// Submitted opinions.
    pub opinions: Vec<Opinion>,
    /// What the reader may change in the live room.
    pub room: RoomRights,
    /// The people who may be in the room, so that every mark has a name when its author is away. Empty for
    /// readers who may not enter.
    #[serde(default)]
    pub people: Vec<Person>,
    /// The state before a suspension.
    #[serde(default)]
    pub suspended_from: Option<ConsultationState>,
    /// Why the lead went on with an incomplete package (shown in the report).
    #[serde(default)]
    pub override_reason: Option<String>,
    /// The newest case package.
    #[serde(default)]
    pub package: Option<crate::preparation::PackageSummary>,
    /// Deadlines that run, whose move it is and where to act.
    #[serde(default)]
    pub deadlines: Vec<crate::notice::Deadline>,
    /// Since when the session is paused; it stays in session meanwhile.
    #[serde(default)]
    pub paused_at: Option<Timestamp>,
    /// Why, when a reason was given.
    #[serde(default)]
    pub pause_reason: Option<String>,
    /// Version for optimistic locking.
    pub version: i64,
}

/// `POST …/{id}/answer`: the answer, and who will take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerInput {
    /// Accept with the data it can give, or decline with a reason.
    #[serde(flatten)]
    pub answer: consilium_domain::invitation::Answer,
    /// Experts named, by account; those of the own institution only.
    #[serde(default)]
    pub experts: Vec<AccountId>,
    /// Earliest date of data it can give; absent: no limit.
    #[serde(default)]
    pub data_from: Option<Timestamp>,
}

/// `POST …/{id}/reschedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RescheduleInput {
    /// New time.
    pub scheduled_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// `POST …/{id}/ready`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadyInput {
    /// Why to go on with an incomplete case package; empty when it is complete.
    #[serde(default)]
    pub override_reason: String,
}

/// `POST …/{id}/revoke`, `POST …/{id}/reinvite`: an act about one institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstitutionReason {
    /// The institution.
    pub institution_id: InstitutionId,
    /// Why; may be empty where no reason is asked.
    #[serde(default)]
    pub reason: String,
}

/// `POST …/{id}/cancel` and other acts that need a reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// `POST …/{id}/opinions`: freezes the draft into a signed opinion (clause 7.3 d).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpinionInput {
    /// The opinion, up to 2000 characters.
    pub text: String,
    /// Differs from the majority (保留意见).
    #[serde(default)]
    pub dissent: bool,
    /// Annotation ids it cites.
    #[serde(default)]
    pub cites: Vec<String>,
    /// The author's newest signed version, which this one takes the place of; absent for the first.
    #[serde(default)]
    pub supersedes: Option<OpinionId>,
}

/// A submitted opinion: signed, unchangeable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Opinion {
    /// Id.
    pub id: OpinionId,
    /// Author's account.
    pub author_id: AccountId,
    /// Author's name.
    pub author: String,
    /// Author's department.
    pub department: String,
    /// Author's institution.
    pub institution: Institution,
    /// Version of this author's opinion, from 1.
    pub version: i32,
    /// Text.
    pub text: String,
    /// Differs from the majority.
    pub dissent: bool,
    /// Annotations cited.
    pub cites: Vec<String>,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// SHA-256 of the signed content, hex.
    pub content_hash: String,
    /// The signature verified when it was read.
    pub signature_valid: bool,
    /// A later version of the same author has taken its place.
    #[serde(default)]
    pub superseded: bool,
    /// Its author has taken it up again: a new version is being written.
    #[serde(default)]
    pub in_revision: bool,
}

/// `POST /api/v1/consultations/import/fhir` answer: the form filled from a bundle, nothing stored yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FhirImport {
    /// Patient data found.
    pub patient: PatientInput,
    /// Clinical data found.
    pub clinical: Clinical,
    /// How many resources were read, by type.
    pub read: Vec<ResourceCount>,
    /// Elements this system requires that the bundle does not have; to be typed in.
    pub to_complete: Vec<String>,
}

/// A number of resources of a type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceCount {
    /// FHIR resource type.
    pub resource_type: String,
    /// How many.
    pub count: u32,
}

impl Act {
    /// The command of the workflow behind this act, if it is one.
    #[must_use]
    pub const fn command(self) -> Option<Command> {
        match self {
            Self::Invite => Some(Command::Invite),
            Self::Edit => Some(Command::Edit),
            Self::Ready => Some(Command::Ready),
            Self::Start => Some(Command::Start),
            Self::End => Some(Command::End),
            Self::Sign => Some(Command::Sign),
            Self::Cancel => Some(Command::Cancel),
            Self::Reschedule => Some(Command::Reschedule),
            Self::Withdraw
            | Self::Data
            | Self::Package
            | Self::Consent
            | Self::Answer
            | Self::EnterRoom
            | Self::SubmitOpinion
            | Self::ReadReport
            | Self::Upload
            | Self::ViewImages => None,
        }
    }
}
