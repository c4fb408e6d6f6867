//! Duties with a clock (`domain.md` section 2.3): started and stopped in the transaction of the act that
//! does so, reminded of and ended by the clock job, and shown on the board of who is late.

use consilium_domain::{
    ClockKind, ConsultationId, ConsultationState, DeadlineId, InstitutionId, NoticeKind, Role, Timestamp,
    Urgency,
    clock::Next,
    permission::{Action, Decision, Relation, decide},
};
use consilium_protocol::{codes, limits, notice};
use consilium_storage::{BoardFilter, BoardRow, Deadline, DeadlineState, WriteTx};
use uuid::Uuid;

use crate::{
    ctx::{Ctx, by_system},
    error::ServiceError,
    services::{
        invitations, issues,
        notices::{self, Tell, To},
        opinions, questions, requests,
        views::Directory,
    },
    state::App,
};

/// Deadlines one round takes up.
const ROUND: u64 = 500;

/// A clock to start.
#[derive(Clone, Debug)]
pub struct Start {
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
    /// When it starts.
    pub started_at: Timestamp,
    /// When it ends.
    pub due_at: Timestamp,
    /// Where to act: a path of this site.
    pub link: String,
}

/// Starts a clock; one that runs, or has run out, about the same thing is cancelled.
///
/// # Errors
/// The store fails.
pub async fn start(tx: &mut WriteTx, start: Start) -> Result<(), ServiceError> {
    tx.cancel_deadlines_about(start.kind, start.subject, start.started_at)
        .await?;
    let mut deadline = Deadline {
        id: DeadlineId(Uuid::now_v7()),
        kind: start.kind,
        consultation: start.consultation,
        institution: start.institution,
        subject: start.subject,
        urgency: start.urgency,
        started_at: start.started_at,
        due_at: start.due_at,
        given: 0,
        next_at: None,
        state: DeadlineState::Running,
        ended_at: None,
        link: start.link,
    };
    deadline.next_at = Some(deadline.next().at());
    Ok(tx.insert_deadline(&deadline).await?)
}

/// Stops a clock: what was due is done. Nothing happens when none runs.
///
/// # Errors
/// The store fails.
pub async fn stop(
    tx: &mut WriteTx,
    kind: ClockKind,
    subject: Uuid,
    at: Timestamp,
) -> Result<(), ServiceError> {
    tx.stop_deadlines(kind, subject, at).await?;
    Ok(())
}

/// Cancels a clock: what was due is no longer asked for. Nothing happens when none runs.
///
/// # Errors
/// The store fails.
pub async fn cancel(
    tx: &mut WriteTx,
    kind: ClockKind,
    subject: Uuid,
    at: Timestamp,
) -> Result<(), ServiceError> {
    tx.cancel_deadlines_about(kind, subject, at).await?;
    Ok(())
}

/// Cancels all clocks of a consultation: nothing more is asked for.
///
/// # Errors
/// The store fails.
pub async fn stop_all(
    tx: &mut WriteTx,
    consultation: ConsultationId,
    at: Timestamp,
) -> Result<(), ServiceError> {
    tx.cancel_deadlines(consultation, at).await?;
    Ok(())
}

/// Gives the reminders and ends the clocks whose time has come, and says how many. While the exchange is
/// suspended the clocks stand still. A clock that fails is logged and tried again in the next round.
///
/// # Errors
/// The store fails.
pub async fn tick(app: &App) -> Result<usize, ServiceError> {
    let reader = app.store.reader();
    if reader.suspended().await? {
        return Ok(0);
    }
    let now = app.now();
    let mut count = 0;
    for due in reader.deadlines_due(now, ROUND).await? {
        match act(app, &due, now).await {
            Ok(true) => count += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(deadline = %due.id, kind = due.kind.code(), %error, "a clock failed");
            }
        }
    }
    Ok(count)
}

/// One reminder or end, in a transaction of its own. `false` when another worker did it, or the clock was
/// stopped meanwhile.
async fn act(app: &App, due: &Deadline, now: Timestamp) -> Result<bool, ServiceError> {
    let mut tx = app.store.begin().await?;
    let consultation = tx
        .consultation(due.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    // Read again now that nobody else can move it.
    let Some(before) = tx.deadline(due.id).await? else {
        return Ok(false);
    };
    if before.state != DeadlineState::Running
        || before.next_at.is_none_or(|at| at > now)
        || consultation.state == ConsultationState::Suspended
        || before.kind == ClockKind::Question && consultation.paused_at.is_some()
        || tx.suspended().await?
    {
        return Ok(false);
    }
    let record = |action| {
        let target = format!("deadline/{}", before.id);
        by_system(now, action, target, "ok", Some(before.consultation))
    };
    if over(consultation.state) {
        stop_all(&mut tx, before.consultation, now).await?;
        tx.audit(record("clock.cancel")).await?;
        tx.commit().await?;
        return Ok(true);
    }
    if let Some(at) = done_at(&tx, &before).await? {
        stop(&mut tx, before.kind, before.subject, at).await?;
        tx.audit(record("clock.stop")).await?;
        tx.commit().await?;
        return Ok(true);
    }
    let step = latest(&before, now);
    let mut after = before.clone();
    match step {
        Next::Remind(_, given) => {
            after.given = given;
            after.next_at = Some(after.next().at());
        }
        Next::End(_) => {
            after.next_at = None;
            after.state = DeadlineState::Expired;
            after.ended_at = Some(now);
        }
    }
    if !tx.advance_deadline(&before, &after).await? {
        return Ok(false);
    }
    let action = match step {
        Next::Remind(..) => {
            let to = To::Role {
                institution: before.institution,
                roles: whose(before.kind),
            };
            notices::tell(&mut tx, now, to, words(&before, NoticeKind::DeadlineNear)).await?;
            "clock.remind"
        }
        Next::End(_) => {
            for (institution, roles) in expired(app, &mut tx, &before, consultation.lead).await? {
                let to = To::Role { institution, roles };
                notices::tell(&mut tx, now, to, words(&before, NoticeKind::DeadlinePassed)).await?;
            }
            metrics::counter!("consilium_deadlines_passed_total", "kind" => before.kind.code()).increment(1);
            "clock.expire"
        }
    };
    tx.audit(record(action)).await?;
    tx.commit().await?;
    if before.kind == ClockKind::Question {
        opinions::refresh_room(app, before.consultation, "questions").await?;
    }
    Ok(true)
}

/// When what is due was done, if word of it is still on its way to the lead: then nobody is late.
async fn done_at(tx: &WriteTx, deadline: &Deadline) -> Result<Option<Timestamp>, ServiceError> {
    if deadline.kind != ClockKind::InvitationAnswer {
        return Ok(None);
    }
    let invitation = tx.invitation(deadline.subject.into()).await?;
    Ok(invitation.and_then(|invitation| invitation.answer_sent_at))
}

/// What is to be done at `now`: when the server was away, only the last of the reminders it missed.
fn latest(deadline: &Deadline, now: Timestamp) -> Next {
    let mut ahead = deadline.clone();
    let mut step = ahead.next();
    while let Next::Remind(_, given) = step {
        ahead.given = given;
        let following = ahead.next();
        if following.at() > now {
            break;
        }
        step = following;
    }
    step
}

/// Whether nothing is expected of anybody any more.
#[must_use]
pub const fn over(state: ConsultationState) -> bool {
    matches!(
        state,
        ConsultationState::Cancelled | ConsultationState::Concluded | ConsultationState::Archived
    )
}

/// Whom a duty is reminded of.
const fn whose(kind: ClockKind) -> &'static [Role] {
    match kind {
        ClockKind::InvitationAnswer => notices::ADMINS,
        ClockKind::DataProvision | ClockKind::Correction => notices::DATA_DESK,
        ClockKind::Opinion | ClockKind::Question => &[Role::Admin, Role::Expert],
    }
}

fn words(deadline: &Deadline, kind: NoticeKind) -> Tell {
    Tell {
        consultation: Some(deadline.consultation),
        institution: Some(deadline.institution),
        clock: Some(deadline.kind),
        at: Some(deadline.due_at),
        link: deadline.link.clone(),
        ..Tell::new(kind)
    }
}

/// What follows from the end of a clock, by the owner of the duty; and who is told of it.
async fn expired(
    app: &App,
    tx: &mut WriteTx,
    deadline: &Deadline,
    lead: InstitutionId,
) -> Result<Vec<(InstitutionId, &'static [Role])>, ServiceError> {
    match deadline.kind {
        ClockKind::InvitationAnswer => invitations::expired(app, tx, deadline.subject.into()).await?,
        ClockKind::DataProvision => requests::overdue(tx, deadline.subject, app.now()).await?,
        ClockKind::Correction => issues::overdue(tx, deadline.subject, app.now()).await?,
        // The notices and the mark on the board are all that follows.
        ClockKind::Opinion => {}
        ClockKind::Question => {
            let both = questions::overdue(tx, deadline.subject, app.now()).await?;
            let told = both.into_iter().map(|of| (of, whose(ClockKind::Question)));
            return Ok(told.collect());
        }
    }
    let mut told = vec![(lead, notices::ADMINS), (deadline.institution, notices::ADMINS)];
    told.dedup();
    Ok(told)
}

/// Which deadlines a reader asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose move it is.
    pub institution: Option<InstitutionId>,
    /// What is due.
    pub kind: Option<ClockKind>,
    /// Only those that have passed, or have not.
    pub overdue: Option<bool>,
    /// Of one consultation.
    pub consultation: Option<ConsultationId>,
}

/// The open deadlines of a consultation, the first due first. Not filtered by who may see them: a
/// participant is shown its own only.
///
/// # Errors
/// The store fails.
pub async fn of_consultation(app: &App, id: ConsultationId) -> Result<Vec<notice::Deadline>, ServiceError> {
    let filter = BoardFilter {
        consultation: Some(id),
        ..BoardFilter::default()
    };
    let rows = app.store.reader().board(&filter, ROUND).await?;
    views(app, rows).await
}

/// Who is late, and what is due next: all institutions in the consultations the reader's institution leads,
/// and its own duties in others; what has passed first.
///
/// # Errors
/// Not the caller's duty (403, audited), or the store fails.
pub async fn of_institution(
    app: &App,
    ctx: &Ctx,
    filter: Filter,
) -> Result<Vec<notice::Deadline>, ServiceError> {
    if !matches!(ctx.account.role, Role::Admin | Role::Operator | Role::Expert) {
        let target = format!("institution/{}", ctx.institution.id);
        let mut tx = app.store.begin().await?;
        tx.audit(ctx.event("access.refused.deadlines", target, codes::FORBIDDEN, None))
            .await?;
        tx.commit().await?;
        return Err(ServiceError::Forbidden);
    }
    let reader = app.store.reader();
    let wanted = BoardFilter {
        seen_by: Some(ctx.institution.id),
        consultation: filter.consultation,
        institution: filter.institution,
        kind: filter.kind,
        overdue: filter.overdue.map(|overdue| (overdue, ctx.now())),
    };
    let mut rows = reader.board(&wanted, u64::from(limits::PAGE_ROWS_MAX)).await?;
    let mut ids: Vec<_> = rows.iter().map(|row| row.deadline.consultation).collect();
    ids.sort_unstable();
    ids.dedup();
    let invitations = reader.invitations_of_many(&ids).await?;
    rows.retain(|row| {
        let relation = if row.lead == ctx.institution.id {
            Relation::Lead
        } else {
            invitations
                .iter()
                .find(|i| i.consultation == row.deadline.consultation && i.institution == ctx.institution.id)
                .map_or(Relation::None, |i| Relation::Participant(i.state))
        };
        let decision = decide(ctx.subject(), Action::Read, relation, row.consultation_state);
        decision == Decision::Allow
    });
    let mut shown = views(app, rows).await?;
    shown.retain(|deadline| filter.overdue.is_none_or(|overdue| overdue == deadline.overdue));
    Ok(shown)
}

/// Whether a board shows it: a term to answer that has run out is of use until the lead has gone on.
fn shown(row: &BoardRow) -> bool {
    let expired = row.deadline.state == DeadlineState::Expired;
    let inviting = matches!(
        row.consultation_state,
        ConsultationState::Draft | ConsultationState::Inviting
    );
    !over(row.consultation_state)
        && (row.deadline.kind != ClockKind::InvitationAnswer || !expired || inviting)
}

async fn views(app: &App, rows: Vec<BoardRow>) -> Result<Vec<notice::Deadline>, ServiceError> {
    let paused = app.store.reader().suspended().await?;
    let now = app.now();
    let directory = Directory::load(app).await?;
    rows.into_iter()
        .filter(shown)
        .map(|row| {
            let expired = row.deadline.state == DeadlineState::Expired;
            let paused = paused || row.held;
            Ok(notice::Deadline {
                id: row.deadline.id,
                kind: row.deadline.kind,
                consultation_id: row.deadline.consultation,
                number: row.number,
                institution: directory.get(row.deadline.institution)?,
                started_at: row.deadline.started_at,
                due_at: row.deadline.due_at,
                overdue: expired || !paused && row.deadline.due_at <= now,
                paused: paused && !expired,
                link: row.deadline.link,
            })
        })
        .collect()
}
