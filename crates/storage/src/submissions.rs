//! Submissions and their rows (clause 7.2 f). A row is never changed or removed: a correction is a new
//! version, and the old one is marked. The form for exchange (masked, standardised) and what the source
//! gave are sealed columns of their own.

use std::collections::BTreeMap;

use consilium_domain::{
    AccountId, Clear, ConsultationId, DataRequestId, InstitutionId, ItemId, RecordKind, Severity,
    SubmissionId, SubmissionState, Timestamp,
    element::{ElementId, ElementValue, Record},
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _},
};
use serde::{Deserialize, Serialize};

use crate::{
    Reader, Result, WriteTx, convert,
    entity::{item, submission},
};

const SUBMISSIONS: &str = "submissions";
const ITEMS: &str = "items";
/// Rows of one statement: each binds sixteen values, and both databases take tens of thousands.
const BATCH: usize = 500;

/// What an institution provided at one time.
#[derive(Clone, PartialEq)]
pub struct Submission {
    /// Id.
    pub id: SubmissionId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// The source.
    pub institution: InstitutionId,
    /// The request it answers.
    pub request: Option<DataRequestId>,
    /// Where it stands.
    pub state: SubmissionState,
    /// Rows stored.
    pub stored: i32,
    /// Rows kept out.
    pub refused: i32,
    /// Rows that had come before.
    pub duplicates: i32,
    /// SHA-256 over the stored rows' hashes in order, hex.
    pub manifest_hash: String,
    /// Rows that could not be read at all; sealed.
    pub detail: serde_json::Value,
    /// Who gave it.
    pub created_by: AccountId,
    /// When.
    pub created_at: Timestamp,
    /// When it became readable at the lead.
    pub received_at: Option<Timestamp>,
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What was found wrong with one element of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFinding {
    /// Element.
    pub element: ElementId,
    /// Stable code.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Value seen.
    pub seen: String,
    /// The rule.
    pub rule: String,
}

/// One version of one row, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemHead {
    /// Id.
    pub id: ItemId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// The source.
    pub institution: InstitutionId,
    /// Submission it came with.
    pub submission: SubmissionId,
    /// What the row is.
    pub kind: RecordKind,
    /// Keyed hash of consultation, source, kind and key: the same for all versions.
    pub key_hash: String,
    /// Version, from 1.
    pub version: i32,
    /// Part of the data; false when errors keep it out.
    pub stored: bool,
    /// A newer version has taken its place.
    pub superseded: bool,
    /// When the source had it ready.
    pub available_at: Timestamp,
    /// When it became readable at the lead.
    pub received_at: Option<Timestamp>,
    /// SHA-256 over the form for exchange, hex.
    pub hash: String,
    /// Keyed hash over what the source gave.
    pub source_hash: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// One version of one row as it is exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredItem {
    /// What it is.
    pub head: ItemHead,
    /// Name of the row at its source, fit for exchange.
    pub key: String,
    /// Elements, masked and standardised.
    pub elements: BTreeMap<ElementId, ElementValue>,
    /// Findings.
    pub findings: Vec<ItemFinding>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    key: String,
    elements: BTreeMap<ElementId, ElementValue>,
    findings: Vec<ItemFinding>,
}

/// Which rows to read.
#[derive(Clone, Debug)]
pub enum ItemsOf {
    /// The data of a consultation: newest stored version of each row that is readable at the lead.
    Current(ConsultationId),
    /// Everything that came with these submissions.
    Submissions(Vec<SubmissionId>),
    /// These rows.
    Ids(Vec<ItemId>),
    /// Every version of one row.
    Row(ConsultationId, String),
    /// Rows of a consultation in which something was found, at most so many.
    Flagged(ConsultationId, u64),
}

impl Reader<'_> {
    fn submission_from(&self, row: submission::Model) -> Result<Submission> {
        Ok(Submission {
            detail: self.open_json(SUBMISSIONS, "detail", &row.id.to_string(), &row.detail)?,
            id: row.id.into(),
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            request: row.request.map(Into::into),
            state: convert::code(SUBMISSIONS, "state", &row.state)?,
            stored: row.stored,
            refused: row.refused,
            duplicates: row.duplicates,
            manifest_hash: row.manifest_hash,
            created_by: row.created_by.into(),
            created_at: Timestamp::from_ms(row.created_at),
            received_at: row.received_at.map(Timestamp::from_ms),
        })
    }

    fn submission_row(&self, submission: &Submission) -> Result<submission::Model> {
        let id = submission.id.to_string();
        Ok(submission::Model {
            id: submission.id.0,
            consultation: submission.consultation.0,
            institution: submission.institution.0,
            request: submission.request.map(|id| id.0),
            state: submission.state.code().to_owned(),
            stored: submission.stored,
            refused: submission.refused,
            duplicates: submission.duplicates,
            manifest_hash: submission.manifest_hash.clone(),
            detail: self.seal_json(SUBMISSIONS, "detail", &id, &submission.detail)?,
            created_by: submission.created_by.0,
            created_at: submission.created_at.ms(),
            received_at: submission.received_at.map(Timestamp::ms),
        })
    }

    /// One submission.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>> {
        let row = submission::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.submission_from(row)).transpose()
    }

    /// The submissions of a consultation in the order of coming.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn submissions(&self, consultation: ConsultationId) -> Result<Vec<Submission>> {
        let rows = submission::Entity::find()
            .filter(submission::Column::Consultation.eq(consultation.0))
            .order_by_asc(submission::Column::CreatedAt)
            .order_by_asc(submission::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.submission_from(row)).collect()
    }

    async fn item_rows(&self, of: ItemsOf) -> Result<Vec<item::Model>> {
        use item::Column;
        let select = item::Entity::find()
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id);
        let parts = match of {
            ItemsOf::Current(consultation) => vec![
                select
                    .filter(Column::Consultation.eq(consultation.0))
                    .filter(Column::Stored.eq(true))
                    .filter(Column::Superseded.eq(false))
                    .filter(Column::ReceivedAt.is_not_null()),
            ],
            ItemsOf::Submissions(ids) => {
                vec![select.filter(Column::Submission.is_in(ids.iter().map(|id| id.0)))]
            }
            ItemsOf::Ids(ids) => ids
                .chunks(BATCH)
                .map(|ids| select.clone().filter(Column::Id.is_in(ids.iter().map(|id| id.0))))
                .collect(),
            ItemsOf::Flagged(consultation, limit) => vec![
                select
                    .filter(Column::Consultation.eq(consultation.0))
                    .filter(Column::Flagged.eq(true))
                    .filter(Column::Superseded.eq(false))
                    .limit(limit),
            ],
            ItemsOf::Row(consultation, key_hash) => vec![
                select
                    .filter(Column::Consultation.eq(consultation.0))
                    .filter(Column::KeyHash.eq(key_hash)),
            ],
        };
        let mut rows = Vec::new();
        for part in parts {
            rows.extend(part.all(&self.db).await?);
        }
        Ok(rows)
    }

    /// Rows as they are exchanged, in the order of coming.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn items(&self, of: ItemsOf) -> Result<Vec<StoredItem>> {
        let rows = self.item_rows(of).await?;
        rows.into_iter()
            .map(|row| {
                let content: Content = self.open_json(ITEMS, "content", &row.id.to_string(), &row.content)?;
                Ok(StoredItem {
                    key: content.key,
                    elements: content.elements,
                    findings: content.findings,
                    head: head(row)?,
                })
            })
            .collect()
    }

    /// Rows as their source gave them: for the source only.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn item_originals(&self, ids: Vec<ItemId>) -> Result<Vec<(ItemId, Clear<Record>)>> {
        let rows = self.item_rows(ItemsOf::Ids(ids)).await?;
        rows.into_iter()
            .map(|row| {
                let record = self.open_json(ITEMS, "original", &row.id.to_string(), &row.original)?;
                Ok((row.id.into(), Clear::new(record)))
            })
            .collect()
    }

    /// Rows without what they say.
    ///
    /// # Errors
    /// The store fails.
    pub async fn heads(&self, of: ItemsOf) -> Result<Vec<ItemHead>> {
        self.item_rows(of).await?.into_iter().map(head).collect()
    }

    /// Every version of the rows of one source with these keyed hashes, oldest version first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn item_heads(
        &self,
        consultation: ConsultationId,
        institution: InstitutionId,
        key_hashes: &[String],
    ) -> Result<Vec<ItemHead>> {
        use item::Column;
        let mut heads = Vec::new();
        for keys in key_hashes.chunks(BATCH) {
            let rows: Vec<item::Model> = item::Entity::find()
                .filter(Column::Consultation.eq(consultation.0))
                .filter(Column::Institution.eq(institution.0))
                .filter(Column::KeyHash.is_in(keys))
                .order_by_asc(Column::Version)
                .all(&self.db)
                .await?;
            for row in rows {
                heads.push(head(row)?);
            }
        }
        Ok(heads)
    }
}

fn head(row: item::Model) -> Result<ItemHead> {
    Ok(ItemHead {
        id: row.id.into(),
        consultation: row.consultation.into(),
        institution: row.institution.into(),
        submission: row.submission.into(),
        kind: convert::code(ITEMS, "kind", &row.kind)?,
        key_hash: row.key_hash,
        version: row.version,
        stored: row.stored,
        superseded: row.superseded,
        available_at: Timestamp::from_ms(row.available_at),
        received_at: row.received_at.map(Timestamp::from_ms),
        hash: row.hash,
        source_hash: row.source_hash,
        created_at: Timestamp::from_ms(row.created_at),
    })
}

impl WriteTx {
    /// Adds a submission without its rows.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_submission(&mut self, submission: &Submission) -> Result<()> {
        self.insert(self.submission_row(submission)?).await
    }

    /// Adds rows, each with what its source gave, in few statements.
    ///
    /// # Errors
    /// A version of a row is there already, a reference is unknown, or the store fails.
    pub async fn insert_items(&mut self, items: &[(StoredItem, Clear<Record>)]) -> Result<()> {
        for batch in items.chunks(BATCH) {
            let mut rows = Vec::with_capacity(batch.len());
            for (item, original) in batch {
                rows.push(self.item_row(item, original)?.into_active_model());
            }
            item::Entity::insert_many(rows)
                .exec_without_returning(&self.reader.db)
                .await?;
        }
        Ok(())
    }

    fn item_row(&self, item: &StoredItem, original: &Clear<Record>) -> Result<item::Model> {
        let head = &item.head;
        let id = head.id.to_string();
        let content = Content {
            key: item.key.clone(),
            elements: item.elements.clone(),
            findings: item.findings.clone(),
        };
        Ok(item::Model {
            id: head.id.0,
            consultation: head.consultation.0,
            institution: head.institution.0,
            submission: head.submission.0,
            kind: head.kind.code().to_owned(),
            key_hash: head.key_hash.clone(),
            version: head.version,
            stored: head.stored,
            superseded: head.superseded,
            flagged: !item.findings.is_empty(),
            available_at: head.available_at.ms(),
            received_at: head.received_at.map(Timestamp::ms),
            hash: head.hash.clone(),
            source_hash: head.source_hash.clone(),
            content: self.seal_json(ITEMS, "content", &id, &content)?,
            original: self.seal_json(ITEMS, "original", &id, original.expose())?,
            created_at: head.created_at.ms(),
        })
    }

    /// Marks rows whose place newer versions have taken.
    ///
    /// # Errors
    /// The store fails.
    pub async fn supersede_items(&mut self, ids: &[ItemId]) -> Result<()> {
        for ids in ids.chunks(BATCH) {
            item::Entity::update_many()
                .col_expr(item::Column::Superseded, Expr::value(true))
                .filter(item::Column::Id.is_in(ids.iter().map(|id| id.0)))
                .exec(&self.reader.db)
                .await?;
        }
        Ok(())
    }

    /// Makes rows readable at the lead; those that already were keep their time.
    ///
    /// # Errors
    /// The store fails.
    pub async fn receive_items(&mut self, ids: &[ItemId], at: Timestamp) -> Result<()> {
        use item::Column;
        for ids in ids.chunks(BATCH) {
            item::Entity::update_many()
                .col_expr(Column::ReceivedAt, Expr::value(at.ms()))
                .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
                .filter(Column::ReceivedAt.is_null())
                .exec(&self.reader.db)
                .await?;
        }
        Ok(())
    }

    /// Makes a submission readable at the lead; one that already was keeps its time.
    ///
    /// # Errors
    /// The store fails.
    pub async fn receive_submission(&mut self, id: SubmissionId, at: Timestamp) -> Result<()> {
        use submission::Column;
        submission::Entity::update_many()
            .col_expr(Column::ReceivedAt, Expr::value(at.ms()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::ReceivedAt.is_null())
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }

    /// Marks the accepted submissions of a source of which no row is current any more.
    ///
    /// # Errors
    /// The store fails.
    pub async fn supersede_submissions(
        &mut self,
        consultation: ConsultationId,
        institution: InstitutionId,
    ) -> Result<()> {
        let current = item::Entity::find()
            .select_only()
            .column(item::Column::Submission)
            .filter(item::Column::Consultation.eq(consultation.0))
            .filter(item::Column::Institution.eq(institution.0))
            .filter(item::Column::Superseded.eq(false))
            .into_query();
        submission::Entity::update_many()
            .col_expr(
                submission::Column::State,
                Expr::value(SubmissionState::Superseded.code()),
            )
            .filter(submission::Column::Consultation.eq(consultation.0))
            .filter(submission::Column::Institution.eq(institution.0))
            .filter(submission::Column::State.eq(SubmissionState::Accepted.code()))
            .filter(submission::Column::Stored.gt(0))
            .filter(submission::Column::Id.in_subquery(current).not())
            .exec(&self.reader.db)
            .await?;
        Ok(())
    }
}
