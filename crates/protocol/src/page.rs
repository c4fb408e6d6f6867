//! What a page needs to be drawn: the server puts it into the HTML as a JSON data block, so that the
//! first render in the browser equals the server's.

use consilium_domain::{ConsultationId, ConsultationKind, ConsultationState, Timestamp, Urgency};
use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    consultation::{Consultation, ConsultationInput, ConsultationRow},
    exchange::TransferList,
    imaging::Series,
    notice::{Deadline, NoticeList},
    preparation::{
        ConsentRecord, ConsentText, DataRequest, Desk, Expert, FormElement, Package as CasePackage,
        PackageSummary,
    },
    report::Report,
    room::{Attachment, OpinionTemplate, Question, RoomFigures},
    session::{Institution, Me},
};

/// Language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Locale {
    /// Chinese (default).
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}

/// Everything the first render depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page {
    /// Language.
    pub locale: Locale,
    /// The time the server drew it.
    pub now: Timestamp,
    /// Who is signed in.
    pub me: Option<Me>,
    /// Address path of this page, to come back to after a language change.
    pub path: String,
    /// Notices the reader has not read.
    #[serde(default)]
    pub unread: u64,
    /// The page itself.
    pub view: View,
}

/// A draft as its own institution entered it, in clear: for the request form of that institution only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The consultation.
    pub id: ConsultationId,
    /// Its number.
    pub number: String,
    /// The version it was read at.
    pub version: i64,
    /// What was entered.
    pub input: ConsultationInput,
}

/// What the worklist is narrowed to: the query of its address and of `GET /api/v1/consultations`. Never an
/// identity number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorklistQuery {
    /// Number, ICD-10 code or words of the diagnosis.
    pub q: String,
    /// `lead` or `participant`, or empty.
    pub part: String,
    /// Type.
    pub kind: Option<ConsultationKind>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// State.
    pub state: Option<ConsultationState>,
    /// First day of the session, `2026-11-22`, or empty.
    pub from: String,
    /// Last day of the session, or empty.
    pub to: String,
}

/// How far one institution has come with its share of the preparation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The institution.
    pub institution: Institution,
    /// Data requests met.
    pub requests_met: u32,
    /// Data requests in all, but those taken back.
    pub requests: u32,
    /// A data request is overdue.
    pub overdue: bool,
    /// Rows stored.
    pub rows: u32,
    /// Rows kept out by errors.
    pub refused: u32,
    /// Correction notices that are open.
    pub issues: u32,
}

/// The pages. Tagged from outside: a tag inside the value would have everything below it read twice over, once
/// through a buffer, and the browser carry the code of both.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// `/sign-in`
    SignIn {
        /// The attempt before was refused.
        refused: bool,
        /// Where to go afterwards.
        next: String,
    },
    /// `/`: the worklist.
    Worklist {
        /// Rows.
        rows: Vec<ConsultationRow>,
        /// There are more than shown.
        more: bool,
        /// May start a consultation.
        may_create: bool,
        /// What was asked for.
        #[serde(default)]
        query: WorklistQuery,
    },
    /// `/late`: who is late with what.
    Late {
        /// Running deadlines, overdue first.
        deadlines: Vec<Deadline>,
    },
    /// `/notices`
    Notices {
        /// Newest first.
        list: NoticeList,
    },
    /// `/transfers`: deliveries of the own institution.
    Transfers {
        /// Failed first.
        list: TransferList,
    },
    /// `/operations/rooms`: the live rooms, for those who run the platform.
    Rooms {
        /// The numbers.
        figures: Box<RoomFigures>,
    },
    /// `/consultations/new`, and `/consultations/{id}/edit` for a draft.
    NewConsultation {
        /// Institutions that can be invited.
        institutions: Vec<Institution>,
        /// Types to choose from.
        kinds: Vec<ConsultationKind>,
        /// The draft to change; absent for a new consultation.
        #[serde(default)]
        draft: Option<Box<Draft>>,
        /// Version of the consent text in use; the newest one.
        #[serde(default)]
        consent_version: String,
    },
    /// `/consultations/{id}`
    Consultation {
        /// The consultation.
        consultation: Box<Consultation>,
        /// Its images, when the reader may see them.
        series: Vec<Series>,
        /// How far each institution has come.
        #[serde(default)]
        progress: Vec<Progress>,
        /// Experts of the own institution, to be named in an answer.
        #[serde(default)]
        experts: Vec<Expert>,
    },
    /// `/consultations/{id}/data`: the data desk.
    Data {
        /// The consultation.
        consultation: Box<ConsultationRow>,
        /// Requests, submissions, corrections.
        desk: Box<Desk>,
        /// Its images, when the reader may see them.
        #[serde(default)]
        series: Vec<Series>,
    },
    /// `/consultations/{id}/package`
    Package {
        /// The consultation.
        consultation: Box<ConsultationRow>,
        /// The version asked for, or the newest; none before the first was made.
        package: Option<Box<CasePackage>>,
        /// Every version, newest first.
        versions: Vec<PackageSummary>,
        /// Names of elements.
        elements: Vec<FormElement>,
    },
    /// `/consultations/{id}/consent`
    Consent {
        /// The consultation.
        consultation: Box<ConsultationRow>,
        /// What is on record.
        record: Option<Box<ConsentRecord>>,
        /// Texts in use, newest first.
        texts: Vec<ConsentText>,
    },
    /// `/consultations/{id}/room`
    Room {
        /// The consultation.
        consultation: Box<Consultation>,
        /// Its images.
        series: Vec<Series>,
        /// Questions of the session.
        #[serde(default)]
        questions: Vec<Question>,
        /// Skeletons of opinions, those of the reader's own department first.
        #[serde(default)]
        templates: Vec<OpinionTemplate>,
        /// The case package as it is shared now, masked; none before the first was made.
        #[serde(default)]
        package: Option<Box<CasePackage>>,
        /// Names of elements.
        #[serde(default)]
        elements: Vec<FormElement>,
        /// Data requests the reader's institution has to do with.
        #[serde(default)]
        requests: Vec<DataRequest>,
        /// Documents and pictures added in the session.
        #[serde(default)]
        attachments: Vec<Attachment>,
        /// Where the hospital's own system has the conference; then there is no call in the room.
        #[serde(default)]
        call_link: Option<String>,
    },
    /// `/consultations/{id}/conclude`: write and sign the report.
    Conclude {
        /// The consultation with all opinions.
        consultation: Box<Consultation>,
    },
    /// `/consultations/{id}/report`
    Report {
        /// The signed report.
        report: Box<Report>,
    },
    /// Something went wrong.
    Error {
        /// What.
        problem: Problem,
    },
}
