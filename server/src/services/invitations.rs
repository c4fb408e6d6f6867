//! Invitations (clauses 7.2 b and c): each a message of the lead, answered by a message of the participant
//! ([`answers`]); a new time is confirmed in the same way ([`times`]).

mod answers;
mod times;

use consilium_domain::{
    ClockKind, ConsultationId, ConsultationState, InstitutionId, InvitationId, InvitationState, NoticeKind,
    Role, Timestamp, Urgency, clock,
    machine::Actor,
    permission::Action,
    preparation::invitation::{Command as Move, MACHINE},
};
use consilium_protocol::{
    codes,
    consultation::Consultation,
    exchange::{Body, Envelope, InvitationBody},
    limits,
};
use consilium_storage::{Consultation as Stored, Invitation, WriteTx};
use uuid::Uuid;

pub use answers::{Given, answer, double_bookings, expired, receive_answer, receive_withdrawal, withdraw};
pub use times::{receive_reschedule, reschedule};

use answers::settle;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{
        access, clocks, consultations,
        masking::Texts,
        notices::{self, Tell, To},
        patients,
    },
    state::App,
};

/// Those who coordinate for an institution.
const COORDINATORS: &[Role] = &[Role::Admin];

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
    let texts = Texts::outgoing(consultation, &patient, app.now())?;
    Ok(InvitationBody {
        invitation_id: invitation,
        number: consultation.number.clone(),
        patient: patients::masked(&patient, app.now()),
        scheduled_at: consultation.scheduled_at,
        duration_minutes: u16::try_from(consultation.duration_minutes).unwrap_or(u16::MAX),
        need: texts.text(clinical.need),
        preliminary_diagnosis: texts.text(clinical.preliminary_diagnosis),
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
            kind: ClockKind::InvitationAnswer,
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
    let kind = ClockKind::InvitationAnswer;
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

fn check_reason(reason: &str) -> Result<(), ServiceError> {
    let mut check = patients::Check::default();
    check.required("reason", reason, limits::REASON_CHARS);
    check.finish()
}
