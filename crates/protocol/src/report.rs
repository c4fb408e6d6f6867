//! The consultation report (clause 7.4).

use consilium_domain::{ConsultationId, InstitutionId, OpinionId, ReportId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::consultation::{ConsultationRow, Opinion};

/// `POST …/{id}/sign`: the conclusion, signed by the lead.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportInput {
    /// 会诊结论
    pub conclusion: String,
    /// ICD-10 code of the conclusion; may be empty.
    #[serde(default)]
    pub diagnosis_code: String,
    /// 后续治疗建议
    pub advice: String,
    /// Opinions the report cites: every submitted one.
    pub cites: Vec<OpinionId>,
    /// Institutions that accepted but gave no opinion, each with a recorded reason.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
}

/// A recorded reason why an institution that accepted gave no opinion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiver {
    /// The institution.
    pub institution_id: InstitutionId,
    /// Why.
    pub reason: String,
}

/// A signed report with all it cites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// Id.
    pub id: ReportId,
    /// Consultation.
    pub consultation_id: ConsultationId,
    /// Version, from 1.
    pub version: i32,
    /// The consultation it reports on.
    pub consultation: ConsultationRow,
    /// Session start and end.
    pub session: (Option<Timestamp>, Option<Timestamp>),
    /// Conclusion.
    pub conclusion: String,
    /// ICD-10 code.
    pub diagnosis_code: String,
    /// Advice.
    pub advice: String,
    /// The opinions, as signed.
    pub opinions: Vec<Opinion>,
    /// Institutions without an opinion, and why.
    pub waivers: Vec<Waiver>,
    /// Why the lead went on with an incomplete case package (clause 4.2.1 a).
    #[serde(default)]
    pub override_reason: Option<String>,
    /// The case package it rests on.
    #[serde(default)]
    pub package: Option<crate::preparation::PackageSummary>,
    /// Measurements and annotations of the session at signing.
    pub annotations: Vec<crate::live::ReportedAnnotation>,
    /// Who signed.
    pub signed_by: String,
    /// When.
    pub signed_at: Timestamp,
    /// SHA-256 of the signed content, hex.
    pub content_hash: String,
    /// First characters of the hash in groups, to compare by eye with a printout.
    pub check_code: String,
    /// The signature verified when it was read.
    pub signature_valid: bool,
}
