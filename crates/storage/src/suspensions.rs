//! Suspensions of the exchange after a system fault (clause 7.5 c).

use consilium_domain::{
    AccountId, ConsultationId, ConsultationState, DataRequestState, InstitutionId, InvitationState,
    IssueState, Timestamp,
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait as _},
};

use crate::{
    Reader, Result, StoreError, WriteTx,
    entity::{consultation, data_request, invitation, issue, suspension},
    error::corrupt,
};

const TABLE: &str = "suspensions";
/// What `running` holds while a suspension lasts; the column is unique.
const LASTS: i32 = 1;
/// Rows changed by one statement: databases limit its parameters.
const ROWS_AT_ONCE: usize = 5_000;

/// A time in which nothing is exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Id.
    pub id: Uuid,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` while it lasts.
    pub until: Option<Timestamp>,
    /// Why; sealed.
    pub reason: String,
    /// Who began it.
    pub begun_by: AccountId,
    /// Who ended it.
    pub ended_by: Option<AccountId>,
}

impl Reader<'_> {
    fn suspension_from(&self, row: suspension::Model) -> Result<Suspension> {
        let reason = self.open(TABLE, "reason", &row.id.to_string(), &row.reason)?;
        Ok(Suspension {
            id: row.id,
            from: Timestamp::from_ms(row.from_at),
            until: row.until_at.map(Timestamp::from_ms),
            reason: String::from_utf8(reason).map_err(|_| corrupt(TABLE, "reason"))?,
            begun_by: row.begun_by.into(),
            ended_by: row.ended_by.map(Into::into),
        })
    }

    /// Whether the exchange is suspended now.
    ///
    /// # Errors
    /// The store fails.
    pub async fn suspended(&self) -> Result<bool> {
        let found = suspension::Entity::find()
            .select_only()
            .column(suspension::Column::Id)
            .filter(suspension::Column::Running.eq(LASTS))
            .into_tuple::<Uuid>()
            .one(&self.db)
            .await?;
        Ok(found.is_some())
    }

    /// The suspension that lasts.
    ///
    /// # Errors
    /// The store fails, or the reason does not open.
    pub async fn suspension(&self) -> Result<Option<Suspension>> {
        let select = self.locking(suspension::Entity::find());
        let row = select
            .filter(suspension::Column::Running.eq(LASTS))
            .one(&self.db)
            .await?;
        row.map(|row| self.suspension_from(row)).transpose()
    }

    /// All suspensions, newest first.
    ///
    /// # Errors
    /// The store fails, or a reason does not open.
    pub async fn suspensions(&self, limit: u64) -> Result<Vec<Suspension>> {
        let rows = suspension::Entity::find()
            .order_by_desc(suspension::Column::FromAt)
            .order_by_desc(suspension::Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.suspension_from(row)).collect()
    }

    /// Who leads or takes part in consultations in one of these states.
    ///
    /// # Errors
    /// The store fails.
    pub async fn institutions_at_work(&self, states: &[ConsultationState]) -> Result<Vec<InstitutionId>> {
        use sea_orm::QueryTrait as _;
        let live = || {
            consultation::Entity::find()
                .select_only()
                .filter(consultation::Column::State.is_in(states.iter().map(|state| state.code())))
        };
        let leads = live()
            .column(consultation::Column::Lead)
            .distinct()
            .into_tuple::<Uuid>()
            .all(&self.db)
            .await?;
        let taking_part = [
            InvitationState::Delivered.code(),
            InvitationState::Reconfirming.code(),
            InvitationState::Accepted.code(),
        ];
        let invited = invitation::Entity::find()
            .select_only()
            .column(invitation::Column::Institution)
            .distinct()
            .filter(invitation::Column::State.is_in(taking_part))
            .filter(
                invitation::Column::Consultation
                    .in_subquery(live().column(consultation::Column::Id).into_query()),
            )
            .into_tuple::<Uuid>()
            .all(&self.db)
            .await?;
        let mut all: Vec<Uuid> = leads.into_iter().chain(invited).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all.into_iter().map(Into::into).collect())
    }
}

impl WriteTx {
    /// Begins a suspension.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one lasts already, or the store fails.
    pub async fn begin_suspension(&mut self, suspension: &Suspension) -> Result<()> {
        let reason = self.seal(
            TABLE,
            "reason",
            &suspension.id.to_string(),
            suspension.reason.as_bytes(),
        )?;
        self.insert(suspension::Model {
            id: suspension.id,
            running: Some(LASTS),
            from_at: suspension.from.ms(),
            until_at: None,
            reason,
            begun_by: suspension.begun_by.0,
            ended_by: None,
        })
        .await
    }

    /// Ends the suspension that lasts.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it does not last, or the store fails.
    pub async fn end_suspension(&mut self, id: Uuid, until: Timestamp, by: AccountId) -> Result<()> {
        use suspension::Column;
        let done = suspension::Entity::update_many()
            .col_expr(Column::Running, Expr::value(None::<i32>))
            .col_expr(Column::UntilAt, Expr::value(until.ms()))
            .col_expr(Column::EndedBy, Expr::value(by.0))
            .filter(Column::Id.eq(id))
            .filter(Column::Running.eq(LASTS))
            .exec(&self.reader.db)
            .await?;
        if done.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict("the suspension is over".to_owned()))
        }
    }

    /// Suspends all consultations in one of these states, and gives them with the state they were in.
    ///
    /// # Errors
    /// The store fails.
    pub async fn suspend_consultations(
        &mut self,
        states: &[ConsultationState],
        now: Timestamp,
    ) -> Result<Vec<(ConsultationId, ConsultationState)>> {
        use consultation::Column;
        let rows = self.states_in(states).await?;
        for some in rows.chunks(ROWS_AT_ONCE) {
            consultation::Entity::update_many()
                .col_expr(Column::SuspendedFrom, Expr::col(Column::State))
                .col_expr(Column::State, Expr::value(ConsultationState::Suspended.code()))
                .col_expr(Column::UpdatedAt, Expr::value(now.ms()))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.is_in(some.iter().map(|(id, _)| id.0)))
                .exec(&self.reader.db)
                .await?;
        }
        Ok(rows)
    }

    /// Takes all suspended consultations back to the state they were in, moves the times at which they, their
    /// unanswered invitations, the data asked for and the corrections are due by `length_ms`, and gives them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn resume_consultations(
        &mut self,
        length_ms: i64,
        now: Timestamp,
    ) -> Result<Vec<ConsultationId>> {
        use consultation::Column;
        let rows = self.states_in(&[ConsultationState::Suspended]).await?;
        let unanswered = [
            InvitationState::Sent.code(),
            InvitationState::Delivered.code(),
            InvitationState::Reconfirming.code(),
        ];
        let unfilled = [
            DataRequestState::Sent.code(),
            DataRequestState::Verified.code(),
            DataRequestState::Extracting.code(),
            DataRequestState::Submitted.code(),
            DataRequestState::Returned.code(),
        ];
        let uncorrected = [
            IssueState::Open.code(),
            IssueState::Notified.code(),
            IssueState::Corrected.code(),
        ];
        for some in rows.chunks(ROWS_AT_ONCE) {
            let ids = || some.iter().map(|(id, _)| id.0);
            consultation::Entity::update_many()
                .col_expr(Column::State, Expr::col(Column::SuspendedFrom))
                .col_expr(Column::SuspendedFrom, Expr::value(None::<String>))
                .col_expr(Column::DueAt, Expr::col(Column::DueAt).add(length_ms))
                .col_expr(Column::UpdatedAt, Expr::value(now.ms()))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.is_in(ids()))
                .exec(&self.reader.db)
                .await?;
            invitation::Entity::update_many()
                .col_expr(
                    invitation::Column::DueAt,
                    Expr::col(invitation::Column::DueAt).add(length_ms),
                )
                .filter(invitation::Column::State.is_in(unanswered))
                .filter(invitation::Column::Consultation.is_in(ids()))
                .exec(&self.reader.db)
                .await?;
            data_request::Entity::update_many()
                .col_expr(
                    data_request::Column::TargetAt,
                    Expr::col(data_request::Column::TargetAt).add(length_ms),
                )
                .col_expr(
                    data_request::Column::HardAt,
                    Expr::col(data_request::Column::HardAt).add(length_ms),
                )
                .filter(data_request::Column::State.is_in(unfilled))
                .filter(data_request::Column::OverdueAt.is_null())
                .filter(data_request::Column::Consultation.is_in(ids()))
                .exec(&self.reader.db)
                .await?;
            issue::Entity::update_many()
                .col_expr(
                    issue::Column::DueAt,
                    Expr::col(issue::Column::DueAt).add(length_ms),
                )
                .filter(issue::Column::State.is_in(uncorrected))
                .filter(issue::Column::OverdueAt.is_null())
                .filter(issue::Column::Consultation.is_in(ids()))
                .exec(&self.reader.db)
                .await?;
        }
        Ok(rows.into_iter().map(|(id, _)| id).collect())
    }

    /// Locks the consultations in one of these states, in the order of their ids.
    async fn states_in(
        &self,
        states: &[ConsultationState],
    ) -> Result<Vec<(ConsultationId, ConsultationState)>> {
        use consultation::Column;
        let select = consultation::Entity::find()
            .select_only()
            .columns([Column::Id, Column::State])
            .filter(Column::State.is_in(states.iter().map(|state| state.code())))
            .order_by_asc(Column::Id);
        let rows = self
            .locking(select)
            .into_tuple::<(Uuid, String)>()
            .all(&self.reader.db)
            .await?;
        rows.into_iter()
            .map(|(id, state)| {
                let state = crate::convert::code("consultations", "state", &state)?;
                Ok((id.into(), state))
            })
            .collect()
    }
}
