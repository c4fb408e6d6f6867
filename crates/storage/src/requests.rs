//! Data requests of a lead to its participants (clauses 7.2 e and f). Each keeps two states: as the lead
//! knows it, and as the asked institution has it; exchange messages bring one to the other.

use consilium_domain::{
    AccountId, ConsultationId, DataRequestId, DataRequestState, InstitutionId, Timestamp, clock::DataDue,
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};

use crate::{Reader, Result, StoreError, WriteTx, convert, entity::data_request};

const TABLE: &str = "data_requests";

/// A data request.
#[derive(Clone, PartialEq)]
pub struct DataRequest {
    /// Id.
    pub id: DataRequestId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Asked of.
    pub institution: InstitutionId,
    /// Where it stands for the lead.
    pub state: DataRequestState,
    /// Where it stands for the asked institution; nothing before it has come there.
    pub source_state: Option<DataRequestState>,
    /// What is asked and why; sealed.
    pub content: serde_json::Value,
    /// When the data is due.
    pub due: DataDue,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it came to the asked institution.
    pub delivered_at: Option<Timestamp>,
    /// When its term passed.
    pub overdue_at: Option<Timestamp>,
    /// Why it was refused.
    pub refused_code: Option<String>,
    /// Why it was refused, returned or taken back, in words; sealed.
    pub answer_reason: Option<String>,
    /// Which institution asks, in session any that takes part; absent: the lead.
    pub asked_by: Option<InstitutionId>,
    /// Who wrote it.
    pub created_by: AccountId,
    /// When it was written.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

impl std::fmt::Debug for DataRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataRequest")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("source_state", &self.source_state)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    fn data_request_from(&self, row: data_request::Model) -> Result<DataRequest> {
        let id = row.id.to_string();
        Ok(DataRequest {
            content: self.open_json(TABLE, "content", &id, &row.content)?,
            answer_reason: self.open_text(TABLE, "answer_reason", &id, row.answer_reason)?,
            id: row.id.into(),
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            state: convert::code(TABLE, "state", &row.state)?,
            source_state: row
                .source_state
                .map(|code| convert::code(TABLE, "source_state", &code))
                .transpose()?,
            due: DataDue {
                target_at: Timestamp::from_ms(row.target_at),
                hard_at: Timestamp::from_ms(row.hard_at),
            },
            sent_at: row.sent_at.map(Timestamp::from_ms),
            delivered_at: row.delivered_at.map(Timestamp::from_ms),
            overdue_at: row.overdue_at.map(Timestamp::from_ms),
            refused_code: row.refused_code,
            asked_by: row.asked_by.map(Into::into),
            created_by: row.created_by.into(),
            created_at: Timestamp::from_ms(row.created_at),
            version: row.version,
        })
    }

    fn data_request_row(&self, request: &DataRequest) -> Result<data_request::Model> {
        let id = request.id.to_string();
        Ok(data_request::Model {
            id: request.id.0,
            consultation: request.consultation.0,
            institution: request.institution.0,
            state: request.state.code().to_owned(),
            source_state: request.source_state.map(|state| state.code().to_owned()),
            content: self.seal_json(TABLE, "content", &id, &request.content)?,
            target_at: request.due.target_at.ms(),
            hard_at: request.due.hard_at.ms(),
            sent_at: request.sent_at.map(Timestamp::ms),
            delivered_at: request.delivered_at.map(Timestamp::ms),
            overdue_at: request.overdue_at.map(Timestamp::ms),
            refused_code: request.refused_code.clone(),
            answer_reason: self.seal_text(TABLE, "answer_reason", &id, request.answer_reason.as_deref())?,
            asked_by: request.asked_by.map(|id| id.0),
            created_by: request.created_by.0,
            created_at: request.created_at.ms(),
            version: request.version,
        })
    }

    /// One data request.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn data_request(&self, id: DataRequestId) -> Result<Option<DataRequest>> {
        let row = data_request::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.data_request_from(row)).transpose()
    }

    /// The data requests of a consultation in the order of writing.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn data_requests(&self, consultation: ConsultationId) -> Result<Vec<DataRequest>> {
        let rows = data_request::Entity::find()
            .filter(data_request::Column::Consultation.eq(consultation.0))
            .order_by_asc(data_request::Column::CreatedAt)
            .order_by_asc(data_request::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.data_request_from(row)).collect()
    }
}

impl WriteTx {
    /// Adds a data request.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_data_request(&mut self, request: &DataRequest) -> Result<()> {
        self.insert(self.data_request_row(request)?).await
    }

    /// Changes a data request that still has the version it was read at.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody changed it meanwhile, or the store fails.
    pub async fn update_data_request(&mut self, request: &DataRequest) -> Result<()> {
        let mut row = self.data_request_row(request)?;
        row.version = row.version.saturating_add(1);
        let done = data_request::Entity::update_many()
            .set(row.into_active_model().reset_all())
            .filter(data_request::Column::Id.eq(request.id.0))
            .filter(data_request::Column::Version.eq(request.version))
            .exec(&self.reader.db)
            .await?;
        if done.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict("the data request has changed".to_owned()))
        }
    }
}
