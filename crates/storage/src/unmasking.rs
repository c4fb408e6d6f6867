//! Looks at identity in clear, counted by account; and the reduction of what is over to what must stay
//! (clause 8.3.1).

use consilium_domain::{AccountId, Clear, ConsultationId, ConsultationState, Timestamp};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, sea_query::LockType,
};

use crate::{
    Reader, Result, StoreError, WriteTx,
    entity::{account, consultation, reduction, source_patient, unmasking},
    error::corrupt,
};

const TABLE: &str = "unmaskings";

/// Somebody has seen one field of a patient's identity in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmasking {
    /// Id.
    pub id: Uuid,
    /// Who.
    pub account: AccountId,
    /// In which consultation.
    pub consultation: ConsultationId,
    /// Code of the field.
    pub field: String,
    /// Code of the purpose.
    pub purpose: String,
    /// Why, in the person's words; sealed, since they may quote the chart.
    pub reason: Clear<String>,
    /// When.
    pub at: Timestamp,
}

impl Reader<'_> {
    /// The looks in a consultation, oldest first.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn unmaskings(&self, consultation: ConsultationId) -> Result<Vec<Unmasking>> {
        let rows = unmasking::Entity::find()
            .filter(unmasking::Column::Consultation.eq(consultation.0))
            .order_by_asc(unmasking::Column::At)
            .order_by_asc(unmasking::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let reason = self.open(TABLE, "reason", &row.id.to_string(), &row.reason)?;
                Ok(Unmasking {
                    id: row.id,
                    account: row.account.into(),
                    consultation: row.consultation.into(),
                    field: row.field,
                    purpose: row.purpose,
                    reason: Clear::new(String::from_utf8(reason).map_err(|_| corrupt(TABLE, "reason"))?),
                    at: Timestamp::from_ms(row.at),
                })
            })
            .collect()
    }

    /// Consultations that are over, were last changed before `before`, and still hold more than must stay;
    /// longest waiting first, at most `limit`.
    ///
    /// # Errors
    /// The store fails.
    pub async fn reducible(&self, before: Timestamp, limit: u64) -> Result<Vec<ConsultationId>> {
        use consultation::Column;
        let over = [
            ConsultationState::Concluded,
            ConsultationState::Archived,
            ConsultationState::Cancelled,
        ];
        let done = reduction::Entity::find()
            .select_only()
            .column(reduction::Column::Consultation)
            .into_query();
        let ids: Vec<Uuid> = consultation::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::State.is_in(over.map(ConsultationState::code)))
            .filter(Column::UpdatedAt.lte(before.ms()))
            .filter(Column::Id.not_in_subquery(done))
            .order_by_asc(Column::UpdatedAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(ids.into_iter().map(ConsultationId).collect())
    }

    /// Whether a consultation has been reduced.
    ///
    /// # Errors
    /// The store fails.
    pub async fn reduced_at(&self, consultation: ConsultationId) -> Result<Option<Timestamp>> {
        let row = reduction::Entity::find_by_id(consultation.0)
            .one(&self.db)
            .await?;
        Ok(row.map(|row| Timestamp::from_ms(row.at)))
    }
}

impl WriteTx {
    /// How often an account has looked since `since`. Takes the account's row, so that two looks at the same
    /// time are counted one after the other.
    ///
    /// # Errors
    /// No such account, or the store fails.
    pub async fn count_unmaskings(&mut self, account: AccountId, since: Timestamp) -> Result<u64> {
        account::Entity::find_by_id(account.0)
            .lock(LockType::NoKeyUpdate)
            .one(&self.reader.db)
            .await?
            .ok_or(StoreError::NotFound)?;
        Ok(unmasking::Entity::find()
            .filter(unmasking::Column::Account.eq(account.0))
            .filter(unmasking::Column::At.gt(since.ms()))
            .count(&self.reader.db)
            .await?)
    }

    /// Writes down a look.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_unmasking(&mut self, look: &Unmasking) -> Result<()> {
        let reason = self.seal(
            TABLE,
            "reason",
            &look.id.to_string(),
            look.reason.expose().as_bytes(),
        )?;
        self.insert(unmasking::Model {
            id: look.id,
            account: look.account.0,
            consultation: look.consultation.0,
            field: look.field.clone(),
            purpose: look.purpose.clone(),
            reason,
            at: look.at.ms(),
        })
        .await
    }

    /// Notes that a consultation holds only what must stay, and removes the institutions' links to their own
    /// patients: no image can come in any more.
    ///
    /// # Errors
    /// It was noted before, or the store fails.
    pub async fn insert_reduction(&mut self, consultation: ConsultationId, at: Timestamp) -> Result<()> {
        source_patient::Entity::delete_many()
            .filter(source_patient::Column::Consultation.eq(consultation.0))
            .exec(&self.reader.db)
            .await?;
        self.insert(reduction::Model {
            consultation: consultation.0,
            at: at.ms(),
        })
        .await
    }
}
