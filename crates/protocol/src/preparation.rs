//! The preparation phase (clauses 7.2 and 7.5 b): data requests, submissions, correction notices, case
//! package, consent.

mod consent;

use std::collections::BTreeMap;

use consilium_domain::{
    AccountId, ConsultationId, DataCategory, DataRequestId, DataRequestState, IssueId, IssueState, ItemId,
    PackageId, PackageState, RecordKind, SubmissionId, SubmissionState, Timestamp,
    clock::DataDue,
    element::{ElementId, ElementValue, Record},
};
use serde::{Deserialize, Serialize};

pub use consent::{ConsentInput, ConsentRecord, ConsentText, Guardian};

use crate::session::Institution;

/// An expert an institution names for a consultation (Table 1 row 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Expert {
    /// The account.
    pub account_id: AccountId,
    /// Name: a duty holder's, kept in clear.
    pub name: String,
    /// Department.
    pub department: String,
    /// Title.
    pub title: String,
    /// Named in another consultation at the same time: its number.
    #[serde(default)]
    pub double_booked: Option<String>,
}

/// One item of a data request: what is wanted (clause 7.2 e).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestItem {
    /// Category.
    pub category: DataCategory,
    /// In words: which tests, which study; up to 200 characters.
    #[serde(default)]
    pub description: String,
    /// Must be given (or explained) before the request counts as met.
    #[serde(default = "yes")]
    pub required: bool,
}

const fn yes() -> bool {
    true
}

/// `POST …/{id}/data-requests`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestInput {
    /// Asked of.
    pub institution_id: consilium_domain::InstitutionId,
    /// Items; at least one.
    pub items: Vec<RequestItem>,
    /// Earliest date of data wanted.
    #[serde(default)]
    pub data_from: Option<Timestamp>,
    /// Why the data is needed.
    pub reason: String,
    /// Purpose of use; only `treatment` is legal (clause 8.3.2).
    #[serde(default = "treatment")]
    pub purpose: String,
    /// Keep as draft instead of sending.
    #[serde(default)]
    pub draft: bool,
}

fn treatment() -> String {
    "treatment".to_owned()
}

/// A data request on its way (body of the exchange message).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestBody {
    /// The request.
    pub request_id: DataRequestId,
    /// Items.
    pub items: Vec<RequestItem>,
    /// Earliest date of data wanted.
    pub data_from: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Purpose of use.
    pub purpose: String,
    /// When the data is due.
    pub due: DataDue,
}

/// A data request as its two institutions see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataRequest {
    /// Id.
    pub id: DataRequestId,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Asked of.
    pub institution: Institution,
    /// Who asks in the session; absent for requests of the lead.
    #[serde(default)]
    pub asked_by: Option<Institution>,
    /// State.
    pub state: DataRequestState,
    /// Items.
    pub items: Vec<RequestItem>,
    /// Earliest date of data wanted.
    pub data_from: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Purpose of use.
    pub purpose: String,
    /// When the data is due, both readings.
    pub due: DataDue,
    /// The target has passed and the request is not met.
    pub overdue: bool,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Code of the ground on which it was refused.
    pub refused_code: Option<String>,
    /// Why it was refused, returned or taken back.
    pub answer_reason: Option<String>,
    /// What the reader may do now: commands of the machine (`verify`, `submit`, …).
    pub allowed: Vec<String>,
    /// Version for optimistic locking.
    pub version: i64,
}

/// One item by reference, in manifests and messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemReference {
    /// The item.
    pub item_id: ItemId,
    /// What the row is.
    pub kind: RecordKind,
    /// Stable id of the row at its source.
    pub key: String,
    /// Version of this row, from 1.
    pub version: i32,
    /// When the source had it ready.
    pub available_at: Timestamp,
    /// SHA-256 of the row's canonical JSON, hex.
    pub hash: String,
}

/// `POST …/{id}/submissions`: rows of data. Rows that cannot be stored are named; all others are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmissionInput {
    /// The request it answers; absent for data the lead collects itself.
    #[serde(default)]
    pub request_id: Option<DataRequestId>,
    /// Rows, at most [`crate::limits::SUBMISSION_ROWS`].
    pub records: Vec<Record>,
}

/// What was found wrong with one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ElementFinding {
    /// Element.
    pub element: ElementId,
    /// Stable code.
    pub code: String,
    /// An error keeps the row out; a warning does not.
    pub error: bool,
    /// Value seen; empty when it would identify the patient.
    pub seen: String,
    /// The rule that was broken.
    pub rule: String,
}

/// One row of a submission as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "crate::flat::FlatItem")]
pub struct Item {
    /// Reference.
    #[serde(flatten)]
    pub reference: ItemReference,
    /// Category.
    pub category: DataCategory,
    /// The source.
    pub institution: Institution,
    /// Part of the data; false when errors keep it out until it is corrected.
    pub stored: bool,
    /// A newer version has taken its place.
    pub superseded: bool,
    /// The same row had come before: nothing was stored anew.
    #[serde(default)]
    pub duplicate: bool,
    /// Elements, masked as for exchange.
    pub elements: BTreeMap<ElementId, ElementValue>,
    /// Findings.
    pub findings: Vec<ElementFinding>,
    /// When it became readable at the lead.
    pub received_at: Timestamp,
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submission {
    /// Id.
    pub id: SubmissionId,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Request it answers.
    pub request_id: Option<DataRequestId>,
    /// The source.
    pub institution: Institution,
    /// State.
    pub state: SubmissionState,
    /// Rows stored.
    pub stored: u32,
    /// Rows kept out by errors, each with its findings in `items`.
    pub refused: u32,
    /// Rows that had come before.
    pub duplicates: u32,
    /// When it was begun.
    pub created_at: Timestamp,
    /// SHA-256 over the stored items' hashes in order, hex.
    pub manifest_hash: String,
    /// Rows that could not be taken at all: where (`line 17`, `records[16].kind`) and the code. They count
    /// as refused.
    #[serde(default)]
    pub not_taken: Vec<crate::FieldError>,
    /// Rows.
    pub items: Vec<Item>,
}

/// `POST …/{id}/issues`: a correction notice (clause 7.5 b).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssueInput {
    /// The row.
    pub item_id: ItemId,
    /// The element.
    pub element: ElementId,
    /// What is wrong, in words.
    pub reason: String,
}

/// A correction notice on its way (body of the exchange message).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssueBody {
    /// The notice.
    pub issue_id: IssueId,
    /// The row.
    pub item_id: ItemId,
    /// The element.
    pub element: ElementId,
    /// Value seen.
    pub seen: String,
    /// Rule that was broken; empty when a person raised it.
    pub rule: String,
    /// What is wrong.
    pub reason: String,
    /// To be corrected within this time of delivery, ms.
    pub correct_within_ms: i64,
}

/// A correction notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Issue {
    /// Id.
    pub id: IssueId,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Who must correct.
    pub institution: Institution,
    /// The row.
    pub item_id: ItemId,
    /// Its kind.
    pub kind: RecordKind,
    /// The row at its source.
    pub key: String,
    /// The element.
    pub element: ElementId,
    /// Value seen.
    pub seen: String,
    /// Rule that was broken.
    pub rule: String,
    /// What is wrong.
    pub reason: String,
    /// State.
    pub state: IssueState,
    /// Raised by the system's checks.
    pub automatic: bool,
    /// Raised at.
    pub created_at: Timestamp,
    /// Until when it must be corrected.
    pub due_at: Option<Timestamp>,
    /// The term has passed.
    pub overdue: bool,
    /// The corrected row.
    pub corrected_by: Option<ItemId>,
    /// Why it was waived or the correction refused.
    pub answer_reason: Option<String>,
    /// What the reader may do now.
    pub allowed: Vec<String>,
}

/// A share of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Share {
    /// Part.
    pub part: u64,
    /// Whole; 0 when there was nothing to count.
    pub whole: u64,
}

/// Quality numbers of a package, a category or an institution (clause 4.2.1; `domain.md` 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quality {
    /// Core elements present and valid.
    pub core: Share,
    /// Non-core elements present and valid.
    pub non_core: Share,
    /// Missing with an explanation.
    pub explained_missing: u64,
    /// Elements corrected or failing after first acceptance, of those accepted.
    pub errors: Share,
    /// Compared values that agree between institutions.
    pub consistent: Share,
    /// Rows readable within 30 minutes of being available.
    pub in_time: Share,
    /// 95th percentile of the delay, ms.
    pub delay_p95_ms: Option<i64>,
    /// Longest delay, ms.
    pub delay_max_ms: Option<i64>,
}

/// A value that is missing from a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Missing {
    /// The row; empty when the whole row is missing.
    pub key: String,
    /// The element.
    pub element: ElementId,
    /// Counts in the 99 % set.
    pub core: bool,
    /// Whose it would be.
    pub institution: Institution,
    /// Present but wrong: the code.
    pub code: Option<String>,
}

/// The same value held differently by two institutions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueConflict {
    /// Test or element.
    pub code: String,
    /// Time of the value.
    pub at: Option<Timestamp>,
    /// Who holds what, in normalised form.
    pub values: Vec<(Institution, String)>,
    /// The rows.
    pub items: Vec<ItemId>,
}

/// A version of the case package (clause 7.2 g).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Package {
    /// Id.
    pub id: PackageId,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Its number.
    pub number: String,
    /// Version, from 1.
    pub version: i32,
    /// State.
    pub state: PackageState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was frozen.
    pub frozen_at: Option<Timestamp>,
    /// SHA-256 of the manifest, hex; empty before it is frozen.
    pub manifest_hash: String,
    /// Masking rules of the data.
    pub rules: crate::exchange::RuleSetRef,
    /// Dictionary version it was checked against.
    pub dictionary_version: String,
    /// Score of the whole.
    pub quality: Quality,
    /// Score by category of Table 1.
    pub by_category: Vec<(DataCategory, Quality)>,
    /// Score by institution.
    pub by_institution: Vec<(Institution, Quality)>,
    /// What is missing or wrong.
    pub missing: Vec<Missing>,
    /// Values that do not agree.
    pub conflicts: Vec<ValueConflict>,
    /// Open correction notices.
    pub issues_open: u32,
    /// Core completeness reaches 99 %.
    pub complete: bool,
    /// Why the lead went on with less.
    pub override_reason: Option<String>,
    /// Data has come or changed since it was made: a new version would differ.
    #[serde(default)]
    pub stale: bool,
    /// The rows.
    pub items: Vec<Item>,
    /// Image series in it: series id, SHA-256 over its instances, hex.
    pub series: Vec<SeriesReference>,
    /// Documents and pictures added in session.
    #[serde(default)]
    pub attachments: Vec<crate::room::Attachment>,
    /// What the reader may do now.
    pub allowed: Vec<String>,
}

/// `GET …/{id}/quality`: the numbers of the data as it is now, frozen or not. A participant sees its own part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QualityReport {
    /// Version of the dictionary the data was checked against.
    pub dictionary_version: String,
    /// Score of the whole.
    pub quality: Quality,
    /// Score by category of Table 1.
    pub by_category: Vec<(DataCategory, Quality)>,
    /// Score by institution.
    pub by_institution: Vec<(Institution, Quality)>,
    /// What is missing or wrong.
    pub missing: Vec<Missing>,
    /// Values that do not agree.
    pub conflicts: Vec<ValueConflict>,
    /// Open correction notices.
    pub issues_open: u32,
    /// Core completeness reaches 99 %.
    pub complete: bool,
}

/// An image series in a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesReference {
    /// Series.
    pub series_id: consilium_domain::SeriesId,
    /// Source.
    pub institution: Institution,
    /// DICOM modality.
    pub modality: String,
    /// Description.
    pub description: String,
    /// Instances.
    pub instances: u32,
    /// SHA-256 over the instances' digests in order, hex.
    pub hash: String,
}

/// One line of a list of versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackageSummary {
    /// Id.
    pub id: PackageId,
    /// Version.
    pub version: i32,
    /// State.
    pub state: PackageState,
    /// When it was frozen.
    pub frozen_at: Option<Timestamp>,
    /// Manifest hash.
    pub manifest_hash: String,
    /// Core elements present and valid.
    pub core: Share,
    /// Non-core elements present and valid.
    pub non_core: Share,
    /// Rows.
    pub items: u32,
}

/// All a data desk shows of one consultation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Desk {
    /// Data requests: all for the lead, the own ones for a participant.
    pub requests: Vec<DataRequest>,
    /// Submissions likewise.
    pub submissions: Vec<Submission>,
    /// Correction notices likewise.
    pub issues: Vec<Issue>,
    /// Versions of the package.
    pub packages: Vec<PackageSummary>,
    /// Elements a form offers.
    pub elements: Vec<FormElement>,
    /// Deadlines of this consultation.
    pub deadlines: Vec<crate::notice::Deadline>,
    /// The reader may collect data now.
    pub may_submit: bool,
    /// The reader may send requests now.
    pub may_request: bool,
}

/// One element as a form shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormElement {
    /// Element.
    pub id: ElementId,
    /// Category.
    pub category: DataCategory,
    /// Row it belongs to.
    pub kind: RecordKind,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Mandatory, or mandatory here.
    pub required: bool,
    /// Takes a unit.
    pub unit: bool,
    /// Longest text, characters; 0 when free.
    pub chars_max: u32,
    /// Values to choose from: code, Chinese, English; empty when free.
    pub choices: Vec<(String, String, String)>,
}
