//! Duties with a clock (`domain.md` section 2.3): rows that outlive the process.

use std::str::FromStr;

use consilium_domain::{
    ClockKind, ConsultationId, ConsultationState, DeadlineId, InstitutionId, Timestamp, Urgency, clock,
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait as _},
};

use crate::{
    Reader, Result, WriteTx, convert,
    entity::{consultation, deadline},
    error::corrupt,
};

const TABLE: &str = "deadlines";

/// Still to be met.
const OPEN: [&str; 2] = [DeadlineState::Running.code(), DeadlineState::Expired.code()];

/// Where a deadline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineState {
    /// The clock runs.
    Running,
    /// Done in time.
    Met,
    /// Ran out; still to be done.
    Expired,
    /// Done after it had run out.
    Late,
    /// No longer asked for, or started anew.
    Cancelled,
}

impl DeadlineState {
    const ALL: [Self; 5] = [
        Self::Running,
        Self::Met,
        Self::Expired,
        Self::Late,
        Self::Cancelled,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Met => "met",
            Self::Expired => "expired",
            Self::Late => "late",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for DeadlineState {
    type Err = ();
    fn from_str(code: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.code() == code).ok_or(())
    }
}

/// One deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Id.
    pub id: DeadlineId,
    /// What is due.
    pub kind: ClockKind,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Whose move it is.
    pub institution: InstitutionId,
    /// The invitation, data request, correction notice or account it is about.
    pub subject: Uuid,
    /// Decides the reminders.
    pub urgency: Urgency,
    /// When the clock started.
    pub started_at: Timestamp,
    /// When it ends.
    pub due_at: Timestamp,
    /// Reminders given.
    pub given: u32,
    /// When it reminds or ends next; `None` once it has stopped.
    pub next_at: Option<Timestamp>,
    /// Where it stands.
    pub state: DeadlineState,
    /// When it was met, ran out or was cancelled.
    pub ended_at: Option<Timestamp>,
    /// Where to act: a path of this site.
    pub link: String,
}

/// A deadline with what boards need to know of its consultation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRow {
    /// The deadline.
    pub deadline: Deadline,
    /// Number of the consultation.
    pub number: String,
    /// Who leads it.
    pub lead: InstitutionId,
    /// Where it stands.
    pub consultation_state: ConsultationState,
    /// The session is paused and this clock stands still.
    pub held: bool,
}

/// Which deadlines a board shows. What is not given is not asked.
#[derive(Clone, Debug, Default)]
pub struct BoardFilter {
    /// Of consultations this institution leads, and its own.
    pub seen_by: Option<InstitutionId>,
    /// Of one consultation.
    pub consultation: Option<ConsultationId>,
    /// Whose move it is.
    pub institution: Option<InstitutionId>,
    /// What is due.
    pub kind: Option<ClockKind>,
    /// Only those that have run out (`true`) or have not (`false`) by this time.
    pub overdue: Option<(bool, Timestamp)>,
}

impl Deadline {
    fn from_row(row: deadline::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            kind: convert::code(TABLE, "kind", &row.kind)?,
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            subject: row.subject,
            urgency: convert::code(TABLE, "urgency", &row.urgency)?,
            started_at: Timestamp::from_ms(row.started_at),
            due_at: Timestamp::from_ms(row.due_at),
            given: u32::try_from(row.given).map_err(|_| corrupt(TABLE, "given"))?,
            next_at: row.next_at.map(Timestamp::from_ms),
            state: convert::code(TABLE, "state", &row.state)?,
            ended_at: row.ended_at.map(Timestamp::from_ms),
            link: row.link,
        })
    }

    fn to_row(&self) -> Result<deadline::Model> {
        Ok(deadline::Model {
            id: self.id.0,
            kind: self.kind.code().to_owned(),
            consultation: self.consultation.0,
            institution: self.institution.0,
            subject: self.subject,
            urgency: self.urgency.code().to_owned(),
            started_at: self.started_at.ms(),
            due_at: self.due_at.ms(),
            given: i32::try_from(self.given).map_err(|_| corrupt(TABLE, "given"))?,
            next_at: self.next_at.map(Timestamp::ms),
            state: self.state.code().to_owned(),
            ended_at: self.ended_at.map(Timestamp::ms),
            link: self.link.clone(),
        })
    }

    /// What this clock does next.
    #[must_use]
    pub fn next(&self) -> clock::Next {
        clock::next(self.kind, self.urgency, self.started_at, self.due_at, self.given)
    }
}

fn about(kind: ClockKind, subject: Uuid) -> Condition {
    Condition::all()
        .add(deadline::Column::Subject.eq(subject))
        .add(deadline::Column::Kind.eq(kind.code()))
}

/// Clocks that stand still because their session is paused: those of its questions.
fn held() -> Condition {
    let paused = consultation::Entity::find()
        .select_only()
        .column(consultation::Column::Id)
        .filter(consultation::Column::PausedAt.is_not_null())
        .into_query();
    Condition::all()
        .add(deadline::Column::Kind.eq(ClockKind::Question.code()))
        .add(deadline::Column::Consultation.in_subquery(paused))
}

impl Reader<'_> {
    /// Deadlines that remind or end by `now`, the longest overdue first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn deadlines_due(&self, now: Timestamp, limit: u64) -> Result<Vec<Deadline>> {
        use deadline::Column;
        let rows = deadline::Entity::find()
            .filter(Column::NextAt.lte(now.ms()))
            .filter(held().not())
            .order_by_asc(Column::NextAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Deadline::from_row).collect()
    }

    /// One deadline.
    ///
    /// # Errors
    /// The store fails.
    pub async fn deadline(&self, id: DeadlineId) -> Result<Option<Deadline>> {
        let select = self.locking(deadline::Entity::find_by_id(id.0));
        select.one(&self.db).await?.map(Deadline::from_row).transpose()
    }

    /// All deadlines about one thing, in the order in which their clocks started.
    ///
    /// # Errors
    /// The store fails.
    pub async fn deadlines_about(&self, kind: ClockKind, subject: Uuid) -> Result<Vec<Deadline>> {
        use deadline::Column;
        let rows = deadline::Entity::find()
            .filter(about(kind, subject))
            .order_by_asc(Column::StartedAt)
            .order_by_asc(Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Deadline::from_row).collect()
    }

    /// All deadlines of one kind in a consultation, in the order in which their clocks started.
    ///
    /// # Errors
    /// The store fails.
    pub async fn deadlines_of(&self, consultation: ConsultationId, kind: ClockKind) -> Result<Vec<Deadline>> {
        use deadline::Column;
        let rows = deadline::Entity::find()
            .filter(Column::Consultation.eq(consultation.0))
            .filter(Column::Kind.eq(kind.code()))
            .order_by_asc(Column::StartedAt)
            .order_by_asc(Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Deadline::from_row).collect()
    }

    /// Deadlines that are still to be met, the first due first: those that have run out come before those
    /// that run.
    ///
    /// # Errors
    /// The store fails.
    pub async fn board(&self, filter: &BoardFilter, limit: u64) -> Result<Vec<BoardRow>> {
        use deadline::Column;
        let mut select = deadline::Entity::find().filter(Column::State.is_in(OPEN));
        if let Some(reader) = filter.seen_by {
            let led = consultation::Entity::find()
                .select_only()
                .column(consultation::Column::Id)
                .filter(consultation::Column::Lead.eq(reader.0))
                .into_query();
            select = select.filter(
                Condition::any()
                    .add(Column::Institution.eq(reader.0))
                    .add(Column::Consultation.in_subquery(led)),
            );
        }
        if let Some(id) = filter.consultation {
            select = select.filter(Column::Consultation.eq(id.0));
        }
        if let Some(institution) = filter.institution {
            select = select.filter(Column::Institution.eq(institution.0));
        }
        if let Some(kind) = filter.kind {
            select = select.filter(Column::Kind.eq(kind.code()));
        }
        if let Some((overdue, now)) = filter.overdue {
            select = select.filter(if overdue {
                Column::DueAt.lte(now.ms())
            } else {
                Column::DueAt.gt(now.ms())
            });
        }
        let rows = select
            .order_by_asc(Column::DueAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.consultation).collect();
        let about = consultation::Entity::find()
            .select_only()
            .columns([
                consultation::Column::Id,
                consultation::Column::Number,
                consultation::Column::Lead,
                consultation::Column::State,
                consultation::Column::PausedAt,
            ])
            .filter(consultation::Column::Id.is_in(ids))
            .into_tuple::<(Uuid, String, Uuid, String, Option<i64>)>()
            .all(&self.db)
            .await?;
        let about: std::collections::HashMap<_, _> = about.into_iter().map(|row| (row.0, row)).collect();
        rows.into_iter()
            .map(|row| {
                let (_, number, lead, state, paused_at) = about
                    .get(&row.consultation)
                    .ok_or_else(|| corrupt(TABLE, "consultation"))?;
                Ok(BoardRow {
                    number: number.clone(),
                    lead: (*lead).into(),
                    consultation_state: convert::code("consultations", "state", state)?,
                    held: paused_at.is_some() && row.kind == ClockKind::Question.code(),
                    deadline: Deadline::from_row(row)?,
                })
            })
            .collect()
    }
}

impl WriteTx {
    /// Adds a deadline.
    ///
    /// # Errors
    /// A reference is unknown, or the store fails.
    pub async fn insert_deadline(&mut self, deadline: &Deadline) -> Result<()> {
        self.insert(deadline.to_row()?).await
    }

    /// Changes a deadline that still stands where `before` says; `false`, and nothing changes, when
    /// somebody else was first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn advance_deadline(&mut self, before: &Deadline, after: &Deadline) -> Result<bool> {
        use deadline::Column;
        let row = before.to_row()?;
        let done = deadline::Entity::update_many()
            .set(after.to_row()?.into_active_model().reset_all())
            .filter(Column::Id.eq(before.id.0))
            .filter(Column::State.eq(row.state))
            .filter(Column::Given.eq(row.given))
            .filter(Column::DueAt.eq(row.due_at))
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Stops the clocks about one thing, because it was done at `at`: in time, or late. Says how many.
    ///
    /// # Errors
    /// The store fails.
    pub async fn stop_deadlines(&mut self, kind: ClockKind, subject: Uuid, at: Timestamp) -> Result<u64> {
        use deadline::Column;
        let in_time = about(kind, subject)
            .add(Column::State.eq(DeadlineState::Running.code()))
            .add(Column::DueAt.gte(at.ms()));
        let met = self.end_where(in_time, DeadlineState::Met, at).await?;
        let late = self
            .end_where(about(kind, subject), DeadlineState::Late, at)
            .await?;
        Ok(met.saturating_add(late))
    }

    /// Cancels the clocks about one thing, also those that have run out. Says how many.
    ///
    /// # Errors
    /// The store fails.
    pub async fn cancel_deadlines_about(
        &mut self,
        kind: ClockKind,
        subject: Uuid,
        at: Timestamp,
    ) -> Result<u64> {
        self.end_where(about(kind, subject), DeadlineState::Cancelled, at)
            .await
    }

    /// Cancels all clocks of a consultation, also those that have run out. Says how many.
    ///
    /// # Errors
    /// The store fails.
    pub async fn cancel_deadlines(&mut self, consultation: ConsultationId, at: Timestamp) -> Result<u64> {
        let about = Condition::all().add(deadline::Column::Consultation.eq(consultation.0));
        self.end_where(about, DeadlineState::Cancelled, at).await
    }

    /// Ends those of the clocks that are still open.
    async fn end_where(&mut self, which: Condition, to: DeadlineState, at: Timestamp) -> Result<u64> {
        use deadline::Column;
        let done = deadline::Entity::update_many()
            .col_expr(Column::State, Expr::value(to.code()))
            .col_expr(Column::NextAt, Expr::value(None::<i64>))
            .col_expr(Column::EndedAt, Expr::value(at.ms()))
            .filter(which)
            .filter(Column::State.is_in(OPEN))
            .exec(&self.reader.db)
            .await?;
        Ok(done.rows_affected)
    }

    /// Moves all running clocks on by the time they stood still: from `from`, or from their start when that
    /// was later, until `until`. Those of a paused session stand still until it goes on.
    ///
    /// # Errors
    /// The store fails.
    pub async fn shift_deadlines(&mut self, from: Timestamp, until: Timestamp) -> Result<u64> {
        self.shift_where(held().not(), from, until).await
    }

    /// Moves the running clocks of one kind in one consultation on, likewise.
    ///
    /// # Errors
    /// The store fails.
    pub async fn shift_deadlines_of(
        &mut self,
        consultation: ConsultationId,
        kind: ClockKind,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64> {
        use deadline::Column;
        let which = Condition::all()
            .add(Column::Consultation.eq(consultation.0))
            .add(Column::Kind.eq(kind.code()));
        self.shift_where(which, from, until).await
    }

    async fn shift_where(&self, which: Condition, from: Timestamp, until: Timestamp) -> Result<u64> {
        use deadline::Column;
        let length = until.since_ms(from);
        let before = deadline::Entity::update_many()
            .col_expr(Column::DueAt, Expr::col(Column::DueAt).add(length))
            .col_expr(Column::NextAt, Expr::col(Column::NextAt).add(length))
            .filter(which.clone())
            .filter(Column::State.eq(DeadlineState::Running.code()))
            .filter(Column::StartedAt.lte(from.ms()))
            .exec(&self.reader.db)
            .await?;
        let since_start = || Expr::value(until.ms()).sub(Expr::col(Column::StartedAt));
        let within = deadline::Entity::update_many()
            .col_expr(Column::DueAt, Expr::col(Column::DueAt).add(since_start()))
            .col_expr(Column::NextAt, Expr::col(Column::NextAt).add(since_start()))
            .filter(which)
            .filter(Column::State.eq(DeadlineState::Running.code()))
            .filter(Column::StartedAt.gt(from.ms()))
            .filter(Column::StartedAt.lt(until.ms()))
            .exec(&self.reader.db)
            .await?;
        Ok(before.rows_affected.saturating_add(within.rows_affected))
    }
}
