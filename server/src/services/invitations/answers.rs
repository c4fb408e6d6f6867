//! Answers to invitations and what the system does after each (clause 7.2 c).

use consilium_domain::{
    AccountId, ClockKind, ConsultationId, ConsultationState, InstitutionId, InvitationId, NoticeKind, Role,
    Timestamp,
    consultation::{Command, apply},
    invitation::{Answer, AnswerRefusal, answer as decide_answer, state_at},
    machine::Actor,
    permission::Action,
    preparation::invitation::{Command as Move, MACHINE},
};
use consilium_protocol::{
    codes,
    consultation::{AnswerInput, Consultation},
    exchange::{Body, Envelope},
    limits,
    preparation::Expert,
};
use consilium_storage::{Account, Consultation as Stored, WriteTx};

use super::{COORDINATORS, check_reason, link, locked, refused, tell_lead};
use crate::{
    ctx::{Ctx, by_system},
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        clocks, consultations,
        notices::{self, Tell, To},
        patients,
    },
    state::App,
};

/// The earliest date of data an institution may name lies at most this far back, ms (100 years).
const DATA_FROM_BACK_MS: i64 = 100 * 366 * 24 * 60 * 60 * 1000;

impl From<AnswerRefusal> for ServiceError {
    fn from(refusal: AnswerRefusal) -> Self {
        refused(refusal.code())
    }
}

/// Answers the own institution's invitation: the answer is on its way to the lead.
///
/// # Errors
/// No invitation, answered before, too late, nothing offered, no reason, an expert of another institution.
pub async fn answer(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    given: AnswerInput,
) -> Result<Option<Consultation>, ServiceError> {
    access::open(app, ctx, id, Action::Answer).await?;
    let mut check = patients::Check::default();
    if let Answer::Decline { reason } = &given.answer {
        check.optional("reason", reason, limits::REASON_CHARS);
    }
    if given
        .data_from
        .is_some_and(|from| from > ctx.now() || ctx.now().since_ms(from) > DATA_FROM_BACK_MS)
    {
        check.error("data_from", codes::FIELD_UNKNOWN);
    }
    check.finish()?;
    let mut tx = app.store.begin().await?;
    // The consultation's row first, in every transaction: two institutions may answer in the same instant.
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let mut own = tx
        .invitations(id)
        .await?
        .into_iter()
        .find(|i| i.institution == ctx.institution.id)
        .ok_or(ServiceError::NotFound)?;
    let target = format!("invitation/{}", own.id);
    let decided = if own.answer_sent_at.is_some() {
        Err(AnswerRefusal::WrongState(own.state))
    } else {
        decide_answer(own.state, own.due_at, &given.answer, ctx.now())
    };
    if let Err(refusal) = decided {
        tx.audit(ctx.event("invitation.answer", target, refusal.code(), Some(id)))
            .await?;
        tx.commit().await?;
        return Err(refusal.into());
    }
    let experts = match given.answer {
        Answer::Accept { .. } => experts(app, ctx, &consultation, &given.experts).await?,
        Answer::Decline { .. } => Vec::new(),
    };
    own.answer_sent_at = Some(ctx.now());
    own.answered_by = Some(ctx.account.id);
    tx.update_invitation(&own).await?;
    let content = Body::InvitationAnswer {
        invitation_id: own.id,
        scheduled_at: consultation.scheduled_at,
        answer: given.answer.clone(),
        answered_at: ctx.now(),
        experts,
        data_from: given.data_from,
    };
    exchange::post(
        app,
        &mut tx,
        id,
        ctx.institution.id,
        consultation.lead,
        ctx.now(),
        content,
    )
    .await?;
    tx.audit(ctx.event("invitation.answer", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    if matches!(given.answer, Answer::Decline { .. }) {
        return Ok(None);
    }
    consultations::read(app, ctx, id).await.map(Some)
}

/// The experts named, with those marked that are named elsewhere at the same time.
async fn experts(
    app: &App,
    ctx: &Ctx,
    consultation: &Stored,
    named: &[AccountId],
) -> Result<Vec<Expert>, ServiceError> {
    let mut found = Vec::new();
    for id in named {
        let account = app
            .store
            .reader()
            .account(*id)
            .await?
            .filter(|a| a.institution == ctx.institution.id && a.role == Role::Expert && a.active)
            .ok_or_else(|| ServiceError::field("experts", codes::FIELD_UNKNOWN))?;
        found.push(account);
    }
    double_bookings(app, consultation, ctx.institution.id, &found).await
}

/// Each expert with the number of another consultation that names them at the same time.
///
/// # Errors
/// The store fails.
pub async fn double_bookings(
    app: &App,
    consultation: &Stored,
    institution: InstitutionId,
    accounts: &[Account],
) -> Result<Vec<Expert>, ServiceError> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let at = consultation.scheduled_at;
    let held = app
        .store
        .reader()
        .engagements(institution, at.plus_ms(-DAY_MS), at.plus_ms(DAY_MS))
        .await?;
    let ends = |c: &Stored| c.scheduled_at.plus_ms(i64::from(c.duration_minutes) * 60_000);
    Ok(accounts
        .iter()
        .map(|account| {
            let other = held.iter().find(|(invitation, of)| {
                of.id != consultation.id
                    && invitation.experts.contains(&account.id)
                    && of.scheduled_at < ends(consultation)
                    && at < ends(of)
            });
            Expert {
                account_id: account.id,
                name: account.display_name.clone(),
                department: account.department.clone(),
                title: account.title.clone(),
                double_booked: other.map(|(_, of)| of.number.clone()),
            }
        })
        .collect())
}

/// An answer as it comes to the lead.
pub struct Given<'a> {
    /// The invitation.
    pub invitation: InvitationId,
    /// The time of the session that was answered.
    pub scheduled_at: Timestamp,
    /// The answer.
    pub answer: &'a Answer,
    /// When it was given.
    pub answered_at: Timestamp,
    /// Experts named.
    pub experts: &'a [Expert],
    /// Earliest date of data.
    pub data_from: Option<Timestamp>,
}

/// The answer has come to the lead: the invitation is settled, and the consultation with the last of them.
/// An answer to a time that has been changed meanwhile has no effect: the participant is asked again.
///
/// # Errors
/// The invitation is unknown or was not open, or the store fails.
pub async fn receive_answer(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    given: Given<'_>,
) -> Result<(), ServiceError> {
    let id = given.invitation;
    let (consultation, mut invitation) = locked(tx, envelope, id, envelope.from).await?;
    if given.scheduled_at != consultation.scheduled_at {
        return Ok(());
    }
    let state = decide_answer(
        invitation.state,
        invitation.due_at,
        given.answer,
        given.answered_at,
    )?;
    let kind = match given.answer {
        Answer::Accept { can_provide } => {
            invitation.can_provide.clone_from(can_provide);
            invitation.experts = given.experts.iter().map(|e| e.account_id).collect();
            invitation.data_from = given.data_from;
            invitation.reason = None;
            NoticeKind::InvitationAccepted
        }
        Answer::Decline { reason } => {
            invitation.reason = Some(reason.clone());
            NoticeKind::InvitationDeclined
        }
    };
    invitation.state = state;
    invitation.answered_at = Some(given.answered_at);
    invitation.answer_sent_at = None;
    tx.update_invitation(&invitation).await?;
    let now = app.now();
    clocks::stop(tx, ClockKind::InvitationAnswer, id.0, now).await?;
    tell_lead(tx, &consultation, envelope.from, now, kind).await?;
    if let Some(booked) = given.experts.iter().find_map(|e| e.double_booked.clone()) {
        let to = To::Role {
            institution: consultation.lead,
            roles: COORDINATORS,
        };
        let what = Tell {
            kind: NoticeKind::ExpertDoubleBooked,
            consultation: Some(consultation.id),
            institution: Some(envelope.from),
            item: Some(booked),
            link: link(consultation.id),
            ..Tell::default()
        };
        notices::tell(tx, now, to, what).await?;
    }
    settle(tx, consultation, now).await
}

/// Goes on when nobody is left to answer: to preparation, or back to draft when too few take part.
pub(super) async fn settle(
    tx: &mut WriteTx,
    consultation: Stored,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let mut invitations = tx.invitations(consultation.id).await?;
    for invitation in &mut invitations {
        if invitation.answer_sent_at.is_none() {
            invitation.state = state_at(invitation.state, invitation.due_at, now);
        }
    }
    let case = Case {
        consultation,
        invitations,
    };
    let from = case.consultation.state;
    let Ok(next) = apply(from, Command::Settle, &consultations::facts(&case), now) else {
        return Ok(());
    };
    let waiting = case
        .invitations
        .iter()
        .filter(|i| consultations::is_pending(i.state))
        .map(|i| i.due_at)
        .max();
    let stored = Stored {
        state: next,
        due_at: waiting,
        updated_at: now,
        ..case.consultation
    };
    tx.update_consultation(&stored, stored.version).await?;
    if next == from {
        return Ok(());
    }
    tx.audit(by_system(
        now,
        "consultation.settle",
        format!("consultation/{}", stored.id),
        "ok",
        Some(stored.id),
    ))
    .await?;
    let kind = if next == ConsultationState::Draft {
        NoticeKind::TooFewAccepted
    } else {
        NoticeKind::InvitationsSettled
    };
    tell_lead(tx, &stored, stored.lead, now, kind).await
}

/// The term of an invitation has passed: called by its clock, with the consultation's row locked. An answer
/// that is on its way was given in time and still counts.
///
/// # Errors
/// The store fails.
pub async fn expired(app: &App, tx: &mut WriteTx, id: InvitationId) -> Result<(), ServiceError> {
    let Some(found) = tx.invitation(id).await? else {
        return Ok(());
    };
    let consultation = tx
        .consultation(found.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let Some(mut invitation) = tx
        .invitations(found.consultation)
        .await?
        .into_iter()
        .find(|i| i.id == id)
    else {
        return Ok(());
    };
    if invitation.answer_sent_at.is_some() {
        return Ok(());
    }
    let Ok(state) = MACHINE.step(invitation.state, Move::Expire, Actor::System) else {
        return Ok(());
    };
    let now = app.now();
    invitation.state = state;
    tx.update_invitation(&invitation).await?;
    tx.audit(by_system(
        now,
        "invitation.expire",
        format!("invitation/{id}"),
        "ok",
        Some(consultation.id),
    ))
    .await?;
    tell_lead(
        tx,
        &consultation,
        invitation.institution,
        now,
        NoticeKind::InvitationExpired,
    )
    .await?;
    settle(tx, consultation, now).await
}

/// The participant takes its acceptance back before the session.
///
/// # Errors
/// Not accepted, the session has begun, or no reason.
pub async fn withdraw(app: &App, ctx: &Ctx, id: ConsultationId, reason: &str) -> Result<(), ServiceError> {
    use ConsultationState as S;
    let case = access::open(app, ctx, id, Action::Answer).await?;
    check_reason(reason)?;
    let own = case
        .invitations
        .iter()
        .find(|i| i.institution == ctx.institution.id)
        .ok_or(ServiceError::NotFound)?;
    let target = format!("invitation/{}", own.id);
    access::step(
        app,
        ctx,
        &case,
        &MACHINE,
        own.state,
        Move::Withdraw,
        target.clone(),
    )
    .await?;
    let before_session = matches!(case.consultation.state, S::Inviting | S::Preparing | S::Ready);
    if !before_session || own.answer_sent_at.is_some() {
        access::refuse(app, ctx, "withdraw", id, Some(id), codes::INVITATION_WRONG_STATE).await?;
        return Err(refused(codes::INVITATION_WRONG_STATE));
    }
    let mut tx = app.store.begin().await?;
    consultations::lock(&mut tx, id).await?;
    let mut invitation = own.clone();
    invitation.answer_sent_at = Some(ctx.now());
    tx.update_invitation(&invitation).await?;
    let content = Body::InvitationWithdrawn {
        invitation_id: own.id,
        reason: reason.trim().to_owned(),
    };
    let lead = case.consultation.lead;
    exchange::post(app, &mut tx, id, ctx.institution.id, lead, ctx.now(), content).await?;
    tx.audit(ctx.event("invitation.withdraw", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    Ok(())
}

/// A withdrawal has come to the lead.
///
/// # Errors
/// The invitation is unknown or was not accepted, or the store fails.
pub async fn receive_withdrawal(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    id: InvitationId,
    reason: &str,
) -> Result<(), ServiceError> {
    let (consultation, mut invitation) = locked(tx, envelope, id, envelope.from).await?;
    let step = MACHINE.step(invitation.state, Move::Withdraw, Actor::ParticipantAdmin);
    invitation.state = step.map_err(|_| refused(codes::INVITATION_WRONG_STATE))?;
    invitation.reason = Some(reason.to_owned());
    invitation.answer_sent_at = None;
    tx.update_invitation(&invitation).await?;
    let now = app.now();
    clocks::stop(tx, ClockKind::InvitationAnswer, id.0, now).await?;
    tell_lead(
        tx,
        &consultation,
        envelope.from,
        now,
        NoticeKind::InvitationWithdrawn,
    )
    .await?;
    settle(tx, consultation, now).await
}
