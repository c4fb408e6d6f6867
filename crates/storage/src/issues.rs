//! Correction notices (clause 7.5 b). Like data requests they keep two states: as the lead knows them, and
//! as the source of the data has them.

use consilium_domain::{
    AccountId, ConsultationId, InstitutionId, IssueId, IssueState, ItemId, RecordKind, Timestamp,
    element::ElementId,
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};
use serde::{Deserialize, Serialize};

use crate::{Reader, Result, WriteTx, convert, entity::issue};

const TABLE: &str = "issues";

/// A correction notice about one element of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Id.
    pub id: IssueId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Who must correct.
    pub institution: InstitutionId,
    /// Who raised it.
    pub raised_by: InstitutionId,
    /// The person who raised it; none when a check did.
    pub account: Option<AccountId>,
    /// The row.
    pub item: ItemId,
    /// Keyed hash of the row, the same for all its versions.
    pub key_hash: String,
    /// What the row is.
    pub kind: RecordKind,
    /// The element.
    pub element: ElementId,
    /// Where it stands for the lead.
    pub state: IssueState,
    /// Where it stands for the source; nothing before it has come there.
    pub source_state: Option<IssueState>,
    /// What is wrong; sealed.
    pub content: IssueContent,
    /// Why it was waived or the correction refused; sealed.
    pub answer_reason: Option<String>,
    /// The corrected row.
    pub corrected_by: Option<ItemId>,
    /// When it was raised.
    pub created_at: Timestamp,
    /// Until when it must be corrected; set when it is delivered.
    pub due_at: Option<Timestamp>,
    /// When its term passed.
    pub overdue_at: Option<Timestamp>,
}

/// What a correction notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueContent {
    /// Name of the row at its source.
    pub key: String,
    /// Value seen.
    pub seen: String,
    /// Rule that was broken; empty when a person raised it.
    pub rule: String,
    /// What is wrong: words, or the code of the check.
    pub reason: String,
}

impl Reader<'_> {
    fn issue_from(&self, row: issue::Model) -> Result<Issue> {
        let id = row.id.to_string();
        Ok(Issue {
            content: self.open_json(TABLE, "content", &id, &row.content)?,
            answer_reason: self.open_text(TABLE, "answer_reason", &id, row.answer_reason)?,
            id: row.id.into(),
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            raised_by: row.raised_by.into(),
            account: row.account.map(Into::into),
            item: row.item.into(),
            key_hash: row.key_hash,
            kind: convert::code(TABLE, "kind", &row.kind)?,
            element: convert::code(TABLE, "element", &row.element)?,
            state: convert::code(TABLE, "state", &row.state)?,
            source_state: row
                .source_state
                .map(|code| convert::code(TABLE, "source_state", &code))
                .transpose()?,
            corrected_by: row.corrected_by.map(Into::into),
            created_at: Timestamp::from_ms(row.created_at),
            due_at: row.due_at.map(Timestamp::from_ms),
            overdue_at: row.overdue_at.map(Timestamp::from_ms),
        })
    }

    fn issue_row(&self, issue: &Issue) -> Result<issue::Model> {
        let id = issue.id.to_string();
        Ok(issue::Model {
            id: issue.id.0,
            consultation: issue.consultation.0,
            institution: issue.institution.0,
            raised_by: issue.raised_by.0,
            account: issue.account.map(|id| id.0),
            item: issue.item.0,
            key_hash: issue.key_hash.clone(),
            kind: issue.kind.code().to_owned(),
            element: issue.element.to_string(),
            state: issue.state.code().to_owned(),
            source_state: issue.source_state.map(|state| state.code().to_owned()),
            content: self.seal_json(TABLE, "content", &id, &issue.content)?,
            answer_reason: self.seal_text(TABLE, "answer_reason", &id, issue.answer_reason.as_deref())?,
            corrected_by: issue.corrected_by.map(|id| id.0),
            created_at: issue.created_at.ms(),
            due_at: issue.due_at.map(Timestamp::ms),
            overdue_at: issue.overdue_at.map(Timestamp::ms),
        })
    }

    /// One correction notice.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn issue(&self, id: IssueId) -> Result<Option<Issue>> {
        let row = issue::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.issue_from(row)).transpose()
    }

    /// The correction notices of a consultation in the order of raising.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn issues(&self, consultation: ConsultationId) -> Result<Vec<Issue>> {
        let rows = issue::Entity::find()
            .filter(issue::Column::Consultation.eq(consultation.0))
            .order_by_asc(issue::Column::CreatedAt)
            .order_by_asc(issue::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.issue_from(row)).collect()
    }
}

impl WriteTx {
    /// Adds correction notices.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_issues(&mut self, issues: &[Issue]) -> Result<()> {
        for batch in issues.chunks(500) {
            let mut rows = Vec::with_capacity(batch.len());
            for issue in batch {
                rows.push(self.issue_row(issue)?.into_active_model());
            }
            issue::Entity::insert_many(rows)
                .exec_without_returning(&self.reader.db)
                .await?;
        }
        Ok(())
    }

    /// Changes a correction notice. The caller holds the consultation's row.
    ///
    /// # Errors
    /// No such notice, or the store fails.
    pub async fn update_issue(&mut self, issue: &Issue) -> Result<()> {
        let row = self.issue_row(issue)?.into_active_model().reset_all();
        issue::Entity::update(row)
            .exec_without_returning(&self.reader.db)
            .await?;
        Ok(())
    }
}
