//! Invitations (clauses 7.2 b and c): each a message of the lead, answered by a message of the participant;
//! and what the system does after each answer.

use consilium_domain::{
    AccountId, ConsultationId, ConsultationState, InstitutionId, InvitationId, InvitationState, NoticeKind,
    Role, Timestamp, Urgency, clock,
    consultation::{Command, apply},
    invitation::{Answer, AnswerRefusal, answer as decide_answer, state_at},
    machine::Actor,
    permission::Action,
    preparation::invitation::{Command as Move, MACHINE},
};
use consilium_protocol::{
    codes,
    consultation::{AnswerInput, Consultation, RescheduleInput},
    exchange::{Body, Envelope, InvitationBody},
    limits,
    preparation::Expert,
};
use consilium_storage::{Account, Consultation as Stored, Invitation, WriteTx};
use uuid::Uuid;

use crate::{
    ctx::{Ctx, by_system},
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        clocks, consultations,
        notices::{self, Tell, To},
        patients, requests,
    },
    state::App,
};

/// Those who coordinate for an institution.
const COORDINATORS: &[Role] = &[Role::Admin];
/// The earliest date of data an institution may name lies at most this far back, ms (100 years).
const DATA_FROM_BACK_MS: i64 = 100 * 366 * 24 * 60 * 60 * 1000;

impl From<AnswerRefusal> for ServiceError {
    fn from(refusal: AnswerRefusal) -> Self {
        refused(refusal.code())
    }
}

fn refused(code: &'static str) -> ServiceError {
    ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    }
}

/// Where the coordinators of an institution act on a consultation.
fn link(id: ConsultationId) -> String {
    format!("/consultations/{id}")
}

/// The answer clock of a consultation, ms.
#[must_use]
pub const fn term_ms(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Routine => clock::ANSWER_WITHIN_MS,
        Urgency::Urgent => clock::ANSWER_WITHIN_URGENT_MS,
    }
}

/// The parts of an invitation (clause 7.2 b), the patient masked and the free text scrubbed.
///
/// # Errors
/// Stored data cannot be read.
pub async fn parts(
    app: &App,
    consultation: &Stored,
    invitation: InvitationId,
) -> Result<InvitationBody, ServiceError> {
    let patient = app
        .store
        .reader()
        .patient(consultation.patient)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let clinical: consilium_protocol::consultation::Clinical =
        serde_json::from_value(consultation.clinical.clone())?;
    Ok(InvitationBody {
        invitation_id: invitation,
        number: consultation.number.clone(),
        patient: patients::masked(&patient, app.now()),
        scheduled_at: consultation.scheduled_at,
        duration_minutes: u16::try_from(consultation.duration_minutes).unwrap_or(u16::MAX),
        need: patients::scrubbed(&patient, &clinical.need, app.now()),
        preliminary_diagnosis: patients::scrubbed(&patient, &clinical.preliminary_diagnosis, app.now()),
        wanted: consultation.wanted.clone(),
        kind: consultation.kind,
        urgency: consultation.urgency,
        answer_within_ms: term_ms(consultation.urgency),
    })
}

/// The parts of the caller's invitation, as `GET …/{id}/invitation` gives them.
///
/// # Errors
/// Not invited, or the store fails.
pub async fn body(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<InvitationBody, ServiceError> {
    let case = access::open(app, ctx, id, Action::Read).await?;
    let own = case
        .invitations
        .iter()
        .find(|i| i.institution == ctx.institution.id)
        .ok_or(ServiceError::NotFound)?;
    let parts = parts(app, &case.consultation, own.id).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(
        "invitation.read",
        format!("invitation/{}", own.id),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    Ok(parts)
}

/// Writes one invitation on its way: a new one, or one sent again. The row of the consultation is locked.
///
/// # Errors
/// The store fails.
pub async fn send(
    app: &App,
    tx: &mut WriteTx,
    ctx: &Ctx,
    consultation: &Stored,
    institution: InstitutionId,
    before: Option<&Invitation>,
) -> Result<(), ServiceError> {
    let now = ctx.now();
    let invitation = Invitation {
        id: before.map_or_else(|| InvitationId(Uuid::now_v7()), |i| i.id),
        consultation: consultation.id,
        institution,
        state: InvitationState::Sent,
        sent_at: now,
        // Until it is delivered, the term runs from sending.
        due_at: now.plus_ms(term_ms(consultation.urgency)),
        answered_at: None,
        answered_by: None,
        can_provide: Vec::new(),
        reason: None,
        delivered_at: None,
        answer_sent_at: None,
        experts: Vec::new(),
        data_from: None,
    };
    if before.is_some() {
        tx.update_invitation(&invitation).await?;
    } else {
        tx.insert_invitation(&invitation).await?;
    }
    let parts = parts(app, consultation, invitation.id).await?;
    let content = Body::Invitation(Box::new(parts));
    exchange::post(
        app,
        tx,
        consultation.id,
        consultation.lead,
        institution,
        now,
        content,
    )
    .await?;
    tx.audit(ctx.event(
        "invitation.send",
        format!("invitation/{}", invitation.id),
        "ok",
        Some(consultation.id),
    ))
    .await?;
    Ok(())
}

/// Invites one institution while others are already preparing: one that let the term pass, declined,
/// withdrew, or is new.
///
/// # Errors
/// Not allowed, unknown institution, already invited, or not possible now.
pub async fn reinvite(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    institution: InstitutionId,
) -> Result<Consultation, ServiceError> {
    use ConsultationState as S;
    let case = access::open(app, ctx, id, Action::Conduct).await?;
    let known = app.store.reader().institution(institution).await?;
    if institution == case.consultation.lead || known.is_none_or(|i| i.platform) {
        return Err(ServiceError::field("institution_id", codes::FIELD_UNKNOWN));
    }
    if !matches!(case.consultation.state, S::Inviting | S::Preparing | S::Ready) {
        access::refuse(app, ctx, "reinvite", id, Some(id), codes::WRONG_STATE).await?;
        return Err(ServiceError::Refused {
            code: codes::WRONG_STATE,
            state: Some(case.consultation.state),
            errors: Vec::new(),
        });
    }
    let before = case.invitations.iter().find(|i| i.institution == institution);
    if let Some(before) = before {
        let target = format!("invitation/{}", before.id);
        access::step(app, ctx, &case, &MACHINE, before.state, Move::Send, target).await?;
    }
    let mut tx = app.store.begin().await?;
    let mut stored = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    send(app, &mut tx, ctx, &stored, institution, before).await?;
    if !stored.chosen.contains(&institution) {
        stored.chosen.push(institution);
    }
    stored.updated_at = ctx.now();
    tx.update_consultation(&stored, stored.version).await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    consultations::read(app, ctx, id).await
}

/// The invitation has come: the clock starts and the participant is told.
///
/// # Errors
/// The invitation is unknown, or the store fails.
pub async fn receive(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    parts: &InvitationBody,
) -> Result<(), ServiceError> {
    let (consultation, mut invitation) = locked(tx, envelope, parts.invitation_id, envelope.to).await?;
    // Taken back or expired while it was on its way: nothing to answer.
    let Ok(state) = MACHINE.step(invitation.state, Move::Deliver, Actor::System) else {
        return Ok(());
    };
    let now = app.now();
    invitation.state = state;
    invitation.delivered_at = Some(now);
    invitation.due_at = now.plus_ms(parts.answer_within_ms);
    tx.update_invitation(&invitation).await?;
    ask(
        tx,
        &consultation,
        &invitation,
        now,
        NoticeKind::InvitationReceived,
        None,
    )
    .await
}

/// Starts the answer clock and tells the participant's coordinators.
async fn ask(
    tx: &mut WriteTx,
    consultation: &Stored,
    invitation: &Invitation,
    now: Timestamp,
    kind: NoticeKind,
    item: Option<String>,
) -> Result<(), ServiceError> {
    clocks::start(
        tx,
        clocks::Start {
            kind: consilium_domain::ClockKind::InvitationAnswer,
            consultation: consultation.id,
            institution: invitation.institution,
            subject: invitation.id.0,
            urgency: consultation.urgency,
            started_at: now,
            due_at: invitation.due_at,
            link: link(consultation.id),
        },
    )
    .await?;
    let to = To::Role {
        institution: invitation.institution,
        roles: COORDINATORS,
    };
    let what = Tell {
        kind,
        consultation: Some(consultation.id),
        institution: Some(consultation.lead),
        at: Some(invitation.due_at),
        item,
        link: link(consultation.id),
        ..Tell::default()
    };
    notices::tell(tx, now, to, what).await
}

/// The consultation (its row locked) and the invitation a message is about.
async fn locked(
    tx: &mut WriteTx,
    envelope: &Envelope,
    id: InvitationId,
    institution: InstitutionId,
) -> Result<(Stored, Invitation), ServiceError> {
    let consultation = tx
        .consultation(envelope.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let invitation = tx
        .invitations(envelope.consultation)
        .await?
        .into_iter()
        .find(|i| i.id == id && i.institution == institution)
        .ok_or(ServiceError::NotFound)?;
    Ok((consultation, invitation))
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
    clocks::stop(tx, consilium_domain::ClockKind::InvitationAnswer, id.0, now).await?;
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

async fn tell_lead(
    tx: &mut WriteTx,
    consultation: &Stored,
    about: InstitutionId,
    now: Timestamp,
    kind: NoticeKind,
) -> Result<(), ServiceError> {
    let to = To::Role {
        institution: consultation.lead,
        roles: COORDINATORS,
    };
    let what = Tell {
        kind,
        consultation: Some(consultation.id),
        institution: Some(about),
        link: link(consultation.id),
        ..Tell::default()
    };
    notices::tell(tx, now, to, what).await
}

/// Goes on when nobody is left to answer: to preparation, or back to draft when too few take part.
async fn settle(tx: &mut WriteTx, consultation: Stored, now: Timestamp) -> Result<(), ServiceError> {
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
    clocks::stop(tx, consilium_domain::ClockKind::InvitationAnswer, id.0, now).await?;
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

/// The lead takes an unanswered invitation back.
///
/// # Errors
/// Not allowed, not invited, answered already, or no reason.
pub async fn revoke(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    institution: InstitutionId,
    reason: &str,
) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Conduct).await?;
    check_reason(reason)?;
    let invitation = case
        .invitations
        .iter()
        .find(|i| i.institution == institution)
        .ok_or_else(|| ServiceError::field("institution_id", codes::FIELD_UNKNOWN))?;
    let target = format!("invitation/{}", invitation.id);
    access::step(app, ctx, &case, &MACHINE, invitation.state, Move::Revoke, target).await?;
    let mut tx = app.store.begin().await?;
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    take_back(app, &mut tx, ctx, &consultation, invitation, reason).await?;
    settle(&mut tx, consultation, ctx.now()).await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    consultations::read(app, ctx, id).await
}

/// Marks an invitation as taken back and tells its institution.
///
/// # Errors
/// The store fails.
pub async fn take_back(
    app: &App,
    tx: &mut WriteTx,
    ctx: &Ctx,
    consultation: &Stored,
    invitation: &Invitation,
    reason: &str,
) -> Result<(), ServiceError> {
    let revoked = Invitation {
        state: InvitationState::Revoked,
        answer_sent_at: None,
        ..invitation.clone()
    };
    tx.update_invitation(&revoked).await?;
    let kind = consilium_domain::ClockKind::InvitationAnswer;
    clocks::stop(tx, kind, invitation.id.0, ctx.now()).await?;
    let content = Body::InvitationRevoked {
        invitation_id: invitation.id,
        reason: reason.trim().to_owned(),
    };
    let to = invitation.institution;
    exchange::post(
        app,
        tx,
        consultation.id,
        consultation.lead,
        to,
        ctx.now(),
        content,
    )
    .await?;
    tx.audit(ctx.event(
        "invitation.revoke",
        format!("invitation/{}", invitation.id),
        "ok",
        Some(consultation.id),
    ))
    .await?;
    Ok(())
}

/// Tells a participant what the lead has done: an invitation taken back, a session begun, a consultation
/// given up.
///
/// # Errors
/// The store fails.
pub async fn receive_news(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    kind: NoticeKind,
    at: Option<Timestamp>,
) -> Result<(), ServiceError> {
    let roles: &[Role] = match kind {
        NoticeKind::SessionStarted
        | NoticeKind::SessionEnded
        | NoticeKind::OpinionSubmitted
        | NoticeKind::ReportSigned => &[Role::Admin, Role::Expert],
        _ => COORDINATORS,
    };
    let path = match kind {
        NoticeKind::SessionStarted | NoticeKind::SessionEnded | NoticeKind::OpinionSubmitted => "/room",
        NoticeKind::ReportSigned => "/report",
        _ => "",
    };
    let to = To::Role {
        institution: envelope.to,
        roles,
    };
    let what = Tell {
        kind,
        consultation: Some(envelope.consultation),
        institution: Some(envelope.from),
        at,
        link: format!("{}{path}", link(envelope.consultation)),
        ..Tell::default()
    };
    notices::tell(tx, app.now(), to, what).await
}

/// Chooses a new time; everyone who has accepted confirms it, clocks start anew.
///
/// # Errors
/// Not allowed, not possible now, a time in the past, or no reason.
pub async fn reschedule(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: RescheduleInput,
) -> Result<Consultation, ServiceError> {
    let case = access::open(app, ctx, id, Action::Conduct).await?;
    check_reason(&input.reason)?;
    let mut facts = consultations::facts(&case);
    facts.new_time = Some(input.scheduled_at);
    let state = consultations::step(app, ctx, &case, Command::Reschedule, &facts).await?;
    let now = ctx.now();
    let term = term_ms(case.consultation.urgency);
    let mut tx = app.store.begin().await?;
    consultations::lock(&mut tx, id).await?;
    let asked = tx
        .invitations(id)
        .await?
        .into_iter()
        .filter(|i| consultations::is_pending(i.state) || i.state == InvitationState::Accepted);
    for mut invitation in asked {
        if let Ok(next) = MACHINE.step(invitation.state, Move::Reconfirm, Actor::LeadAdmin) {
            invitation.state = next;
            invitation.due_at = now.plus_ms(term);
        }
        // An answer to the old time that is still on its way says nothing about the new one.
        invitation.answer_sent_at = None;
        tx.update_invitation(&invitation).await?;
        let content = Body::Reschedule {
            invitation_id: invitation.id,
            scheduled_at: input.scheduled_at,
            reason: input.reason.trim().to_owned(),
            answer_within_ms: term,
        };
        let lead = case.consultation.lead;
        exchange::post(app, &mut tx, id, lead, invitation.institution, now, content).await?;
    }
    let stored = Stored {
        state,
        scheduled_at: input.scheduled_at,
        due_at: Some(now.plus_ms(term)),
        updated_at: now,
        ..case.consultation
    };
    requests::rescheduled(app, &mut tx, &stored).await?;
    consultations::save(&mut tx, ctx, &stored, Command::Reschedule).await?;
    tx.commit().await?;
    exchange::flush(app, id).await;
    consultations::read(app, ctx, id).await
}

/// A new time has come to a participant: it confirms or declines within the term.
///
/// # Errors
/// The invitation is unknown, or the store fails.
pub async fn receive_reschedule(
    app: &App,
    tx: &mut WriteTx,
    envelope: &Envelope,
    id: InvitationId,
    answer_within_ms: i64,
) -> Result<(), ServiceError> {
    let (consultation, mut invitation) = locked(tx, envelope, id, envelope.to).await?;
    if !matches!(
        invitation.state,
        InvitationState::Delivered | InvitationState::Reconfirming
    ) {
        return Ok(());
    }
    let now = app.now();
    invitation.delivered_at = Some(now);
    invitation.due_at = now.plus_ms(answer_within_ms);
    tx.update_invitation(&invitation).await?;
    ask(tx, &consultation, &invitation, now, NoticeKind::Rescheduled, None).await
}

fn check_reason(reason: &str) -> Result<(), ServiceError> {
    let mut check = patients::Check::default();
    check.required("reason", reason, limits::REASON_CHARS);
    check.finish()
}
