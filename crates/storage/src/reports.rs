//! Signed consultation reports (会诊报告). Never changed: a new version is a new row.

use consilium_domain::{AccountId, ConsultationId, ReportId, Timestamp};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::{Reader, Result, WriteTx, convert, entity::report};

const TABLE: &str = "reports";

/// One version of a signed report.
#[derive(Clone, PartialEq)]
pub struct Report {
    /// Id.
    pub id: ReportId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Version, from 1.
    pub version: i32,
    /// The report; sealed.
    pub content: serde_json::Value,
    /// Who signed it.
    pub signed_by: AccountId,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// SHA-256 of the signed content.
    pub content_hash: [u8; 32],
    /// Signature over the content.
    pub signature: Vec<u8>,
    /// Key that signed.
    pub key_id: String,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report")
            .field("id", &self.id)
            .field("consultation", &self.consultation)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    fn report_from(&self, row: report::Model) -> Result<Report> {
        Ok(Report {
            content: self.open_json(TABLE, "content", &row.id.to_string(), &row.content)?,
            id: row.id.into(),
            consultation: row.consultation.into(),
            version: row.version,
            signed_by: row.signed_by.into(),
            signed_at: Timestamp::from_ms(row.signed_at),
            content_hash: convert::hash(TABLE, "content_hash", &row.content_hash)?,
            signature: row.signature,
            key_id: row.key_id,
        })
    }

    /// All versions of a consultation's report, newest first.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn reports(&self, consultation: ConsultationId) -> Result<Vec<Report>> {
        let rows = report::Entity::find()
            .filter(report::Column::Consultation.eq(consultation.0))
            .order_by_desc(report::Column::Version)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.report_from(row)).collect()
    }
}

impl WriteTx {
    /// Adds a version.
    ///
    /// # Errors
    /// The version exists, a reference is unknown, or the store fails.
    pub async fn insert_report(&mut self, report: &Report) -> Result<()> {
        let content = self.seal_json(TABLE, "content", &report.id.to_string(), &report.content)?;
        self.insert(report::Model {
            id: report.id.0,
            consultation: report.consultation.0,
            version: report.version,
            content,
            signed_by: report.signed_by.0,
            signed_at: report.signed_at.ms(),
            content_hash: report.content_hash.to_vec(),
            signature: report.signature.clone(),
            key_id: report.key_id.clone(),
        })
        .await
    }
}
