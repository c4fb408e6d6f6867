//! Questions of a session to an institution (clause 7.3 e). Each keeps two states: as the asking institution
//! knows it, and as the asked one has it; exchange messages bring one to the other.

use consilium_domain::{AccountId, ConsultationId, InstitutionId, QuestionId, QuestionState, Timestamp};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};

use crate::{Reader, Result, StoreError, WriteTx, convert, entity::question};

const TABLE: &str = "questions";

/// A question.
#[derive(Clone, PartialEq)]
pub struct Question {
    /// Id.
    pub id: QuestionId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Who asks.
    pub asked_by: AccountId,
    /// The institution that asks.
    pub asking: InstitutionId,
    /// The institution that is asked.
    pub asked: InstitutionId,
    /// Where it stands for the asking institution, and for those who look on.
    pub state: QuestionState,
    /// Where it stands for the asked institution; nothing before it has come there.
    pub asked_state: Option<QuestionState>,
    /// What is asked; sealed.
    pub content: serde_json::Value,
    /// The answer; sealed.
    pub answer: Option<serde_json::Value>,
    /// Who answered.
    pub answered_by: Option<AccountId>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// An answer is expected within this time of delivery, ms.
    pub within_ms: i64,
    /// When it came to the asked institution.
    pub delivered_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Grows with every change.
    pub version: i64,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("asked_state", &self.asked_state)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    fn question_from(&self, row: question::Model) -> Result<Question> {
        let id = row.id.to_string();
        let answer = row
            .answer
            .map(|sealed| self.open_json(TABLE, "answer", &id, &sealed))
            .transpose()?;
        Ok(Question {
            content: self.open_json(TABLE, "content", &id, &row.content)?,
            answer,
            id: row.id.into(),
            consultation: row.consultation.into(),
            asked_by: row.asked_by.into(),
            asking: row.asking.into(),
            asked: row.asked.into(),
            state: convert::code(TABLE, "state", &row.state)?,
            asked_state: row
                .asked_state
                .map(|code| convert::code(TABLE, "asked_state", &code))
                .transpose()?,
            answered_by: row.answered_by.map(Into::into),
            asked_at: Timestamp::from_ms(row.asked_at),
            within_ms: row.within_ms,
            delivered_at: row.delivered_at.map(Timestamp::from_ms),
            answered_at: row.answered_at.map(Timestamp::from_ms),
            version: row.version,
        })
    }

    fn question_row(&self, of: &Question) -> Result<question::Model> {
        let id = of.id.to_string();
        let answer = of
            .answer
            .as_ref()
            .map(|answer| self.seal_json(TABLE, "answer", &id, answer))
            .transpose()?;
        Ok(question::Model {
            id: of.id.0,
            consultation: of.consultation.0,
            asked_by: of.asked_by.0,
            asking: of.asking.0,
            asked: of.asked.0,
            state: of.state.code().to_owned(),
            asked_state: of.asked_state.map(|state| state.code().to_owned()),
            content: self.seal_json(TABLE, "content", &id, &of.content)?,
            answer,
            answered_by: of.answered_by.map(|by| by.0),
            asked_at: of.asked_at.ms(),
            within_ms: of.within_ms,
            delivered_at: of.delivered_at.map(Timestamp::ms),
            answered_at: of.answered_at.map(Timestamp::ms),
            version: of.version,
        })
    }

    /// One question.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn question(&self, id: QuestionId) -> Result<Option<Question>> {
        let row = question::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.question_from(row)).transpose()
    }

    /// The questions of a consultation in the order of asking.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn questions(&self, consultation: ConsultationId) -> Result<Vec<Question>> {
        let rows = question::Entity::find()
            .filter(question::Column::Consultation.eq(consultation.0))
            .order_by_asc(question::Column::AskedAt)
            .order_by_asc(question::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.question_from(row)).collect()
    }
}

impl WriteTx {
    /// Adds a question.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_question(&mut self, question: &Question) -> Result<()> {
        self.insert(self.question_row(question)?).await
    }

    /// Changes a question that still has the version it was read at.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody changed it meanwhile, or the store fails.
    pub async fn update_question(&mut self, question: &Question) -> Result<()> {
        let mut row = self.question_row(question)?;
        row.version = row.version.saturating_add(1);
        let done = question::Entity::update_many()
            .set(row.into_active_model().reset_all())
            .filter(question::Column::Id.eq(question.id.0))
            .filter(question::Column::Version.eq(question.version))
            .exec(&self.reader.db)
            .await?;
        if done.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict("the question has changed".to_owned()))
        }
    }
}
