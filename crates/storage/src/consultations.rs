//! Consultations.

use consilium_domain::{
    AccountId, ConsultationId, ConsultationKind, ConsultationState, DataCategory, InstitutionId,
    InvitationState, PatientId, Timestamp, Urgency,
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait as _, DbErr, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, OnConflict, Query},
};

use crate::{
    Reader, Result, StoreError, WriteTx, convert,
    entity::{consultation, consultation_number, invitation},
};

const TABLE: &str = "consultations";

/// A consultation (会诊).
#[derive(Clone, PartialEq)]
pub struct Consultation {
    /// Id.
    pub id: ConsultationId,
    /// Number for people, unique.
    pub number: String,
    /// Kind.
    pub kind: ConsultationKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Where it stands.
    pub state: ConsultationState,
    /// The institution that asks.
    pub lead: InstitutionId,
    /// The patient it is about.
    pub patient: PatientId,
    /// Clinical data; sealed.
    pub clinical: serde_json::Value,
    /// When the session is to take place.
    pub scheduled_at: Timestamp,
    /// How long, minutes.
    pub duration_minutes: i32,
    /// Institutions to invite.
    pub chosen: Vec<InstitutionId>,
    /// Kinds of data asked of them.
    pub wanted: Vec<DataCategory>,
    /// The patient's consent; names a person, so it is sealed.
    pub consent: Option<serde_json::Value>,
    /// When the session began.
    pub started_at: Option<Timestamp>,
    /// When the session ended.
    pub ended_at: Option<Timestamp>,
    /// When the next step is due.
    pub due_at: Option<Timestamp>,
    /// The state before the exchange was suspended.
    pub suspended_from: Option<ConsultationState>,
    /// Why the lead went on with an incomplete case package; sealed.
    pub override_reason: Option<String>,
    /// Since when the session is paused.
    pub paused_at: Option<Timestamp>,
    /// Why; sealed.
    pub pause_reason: Option<String>,
    /// Who entered it.
    pub created_by: AccountId,
    /// When it was entered.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

impl std::fmt::Debug for Consultation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consultation")
            .field("id", &self.id)
            .field("number", &self.number)
            .field("state", &self.state)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    pub(crate) fn consultation_from(&self, row: consultation::Model) -> Result<Consultation> {
        let id = row.id.to_string();
        let consent = row
            .consent
            .map(|sealed| self.open_json(TABLE, "consent", &id, &sealed))
            .transpose()?;
        Ok(Consultation {
            id: row.id.into(),
            number: row.number,
            kind: convert::code(TABLE, "kind", &row.kind)?,
            urgency: convert::code(TABLE, "urgency", &row.urgency)?,
            state: convert::code(TABLE, "state", &row.state)?,
            lead: row.lead.into(),
            patient: row.patient.into(),
            clinical: self.open_json(TABLE, "clinical", &id, &row.clinical)?,
            scheduled_at: Timestamp::from_ms(row.scheduled_at),
            duration_minutes: row.duration_minutes,
            chosen: convert::from_json(TABLE, "chosen", row.chosen.as_bytes())?,
            wanted: convert::from_json(TABLE, "wanted", row.wanted.as_bytes())?,
            consent,
            started_at: row.started_at.map(Timestamp::from_ms),
            ended_at: row.ended_at.map(Timestamp::from_ms),
            due_at: row.due_at.map(Timestamp::from_ms),
            suspended_from: row
                .suspended_from
                .map(|state| convert::code(TABLE, "suspended_from", &state))
                .transpose()?,
            override_reason: row
                .override_reason
                .map(|sealed| self.open_json(TABLE, "override_reason", &id, &sealed))
                .transpose()?,
            paused_at: row.paused_at.map(Timestamp::from_ms),
            pause_reason: self.open_text(TABLE, "pause_reason", &id, row.pause_reason)?,
            created_by: row.created_by.into(),
            created_at: Timestamp::from_ms(row.created_at),
            updated_at: Timestamp::from_ms(row.updated_at),
            version: row.version,
        })
    }

    fn consultation_row(&self, consultation: &Consultation) -> Result<consultation::Model> {
        let id = consultation.id.to_string();
        let consent = consultation
            .consent
            .as_ref()
            .map(|consent| self.seal_json(TABLE, "consent", &id, consent))
            .transpose()?;
        Ok(consultation::Model {
            id: consultation.id.0,
            number: consultation.number.clone(),
            kind: consultation.kind.code().to_owned(),
            urgency: consultation.urgency.code().to_owned(),
            state: consultation.state.code().to_owned(),
            lead: consultation.lead.0,
            patient: consultation.patient.0,
            clinical: self.seal_json(TABLE, "clinical", &id, &consultation.clinical)?,
            scheduled_at: consultation.scheduled_at.ms(),
            duration_minutes: consultation.duration_minutes,
            chosen: convert::to_json(TABLE, "chosen", &consultation.chosen)?,
            wanted: convert::to_json(TABLE, "wanted", &consultation.wanted)?,
            consent,
            started_at: consultation.started_at.map(Timestamp::ms),
            ended_at: consultation.ended_at.map(Timestamp::ms),
            due_at: consultation.due_at.map(Timestamp::ms),
            suspended_from: consultation.suspended_from.map(|state| state.code().to_owned()),
            override_reason: consultation
                .override_reason
                .as_ref()
                .map(|reason| self.seal_json(TABLE, "override_reason", &id, reason))
                .transpose()?,
            paused_at: consultation.paused_at.map(Timestamp::ms),
            pause_reason: self.seal_text(TABLE, "pause_reason", &id, consultation.pause_reason.as_deref())?,
            created_by: consultation.created_by.0,
            created_at: consultation.created_at.ms(),
            updated_at: consultation.updated_at.ms(),
            version: consultation.version,
        })
    }

    /// One consultation.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn consultation(&self, id: ConsultationId) -> Result<Option<Consultation>> {
        let select = self.locking(consultation::Entity::find_by_id(id.0));
        let row = select.one(&self.db).await?;
        row.map(|row| self.consultation_from(row)).transpose()
    }

    /// Consultations an institution leads or is invited to (not counting invitations taken back), last
    /// changed first. `cursor` is the last one of the page before.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn consultations_for(
        &self,
        institution: InstitutionId,
        cursor: Option<(Timestamp, ConsultationId)>,
        limit: u64,
    ) -> Result<Vec<Consultation>> {
        use consultation::Column;
        let invited = invitation::Entity::find()
            .select_only()
            .column(invitation::Column::Consultation)
            .filter(invitation::Column::Institution.eq(institution.0))
            .filter(invitation::Column::State.ne(InvitationState::Revoked.code()))
            .into_query();
        let mut select = consultation::Entity::find().filter(
            Condition::any()
                .add(Column::Lead.eq(institution.0))
                .add(Column::Id.in_subquery(invited)),
        );
        if let Some((updated_at, id)) = cursor {
            select = select.filter(
                Condition::any().add(Column::UpdatedAt.lt(updated_at.ms())).add(
                    Condition::all()
                        .add(Column::UpdatedAt.eq(updated_at.ms()))
                        .add(Column::Id.lt(id.0)),
                ),
            );
        }
        let rows = select
            .order_by_desc(Column::UpdatedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.consultation_from(row)).collect()
    }

    /// Consultations an institution is invited to whose session is planned between `from` and `until` and
    /// that are not over.
    pub(crate) async fn consultations_of(
        &self,
        institution: InstitutionId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Consultation>> {
        use consultation::Column;
        let over = [
            ConsultationState::Cancelled.code(),
            ConsultationState::Concluded.code(),
            ConsultationState::Archived.code(),
        ];
        let invited = invitation::Entity::find()
            .select_only()
            .column(invitation::Column::Consultation)
            .filter(invitation::Column::Institution.eq(institution.0))
            .into_query();
        let rows = consultation::Entity::find()
            .filter(Column::ScheduledAt.between(from.ms(), until.ms()))
            .filter(Column::State.is_not_in(over))
            .filter(Column::Id.in_subquery(invited))
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.consultation_from(row)).collect()
    }

    /// All consultations in one of the states, oldest change first.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn consultations_in(&self, states: &[ConsultationState]) -> Result<Vec<Consultation>> {
        use consultation::Column;
        let rows = consultation::Entity::find()
            .filter(Column::State.is_in(states.iter().map(|state| state.code())))
            .order_by_asc(Column::UpdatedAt)
            .order_by_asc(Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.consultation_from(row)).collect()
    }
}

impl WriteTx {
    /// The next number of a day, from 1, without gaps: a transaction that is not committed gives its
    /// number back.
    ///
    /// # Errors
    /// The store fails.
    pub async fn next_consultation_number(&mut self, day: &str) -> Result<i64> {
        use consultation_number::{Column, Entity};
        let next = Query::insert()
            .into_table(Entity)
            .columns([Column::Day, Column::Last])
            .values([day.into(), 1_i64.into()])
            .map_err(|error| DbErr::Custom(error.to_string()))?
            .on_conflict(
                OnConflict::column(Column::Day)
                    .value(Column::Last, Expr::col((Entity, Column::Last)).add(1_i64))
                    .to_owned(),
            )
            .returning_col(Column::Last)
            .take();
        let row = self
            .reader
            .db
            .query_one(&next)
            .await?
            .ok_or(StoreError::NotFound)?;
        Ok(row.try_get("", "last")?)
    }

    /// Adds a consultation.
    ///
    /// # Errors
    /// The number is taken, a reference is unknown, or the store fails.
    pub async fn insert_consultation(&mut self, consultation: &Consultation) -> Result<()> {
        self.insert(self.consultation_row(consultation)?).await
    }

    /// Changes a consultation that still has `expected_version`; the stored version is then one more,
    /// whatever `consultation.version` says.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody changed it meanwhile, [`StoreError::NotFound`] when it does
    /// not exist, or the store fails.
    pub async fn update_consultation(
        &mut self,
        consultation: &Consultation,
        expected_version: i64,
    ) -> Result<()> {
        let mut row = self.consultation_row(consultation)?;
        row.version = expected_version.saturating_add(1);
        let done = consultation::Entity::update_many()
            .set(row.into_active_model().reset_all())
            .filter(consultation::Column::Id.eq(consultation.id.0))
            .filter(consultation::Column::Version.eq(expected_version))
            .exec(&self.reader.db)
            .await?;
        if done.rows_affected == 1 {
            return Ok(());
        }
        match consultation::Entity::find_by_id(consultation.id.0)
            .one(&self.reader.db)
            .await?
        {
            Some(_) => Err(StoreError::Conflict(
                "the consultation was changed meanwhile".to_owned(),
            )),
            None => Err(StoreError::NotFound),
        }
    }
}
