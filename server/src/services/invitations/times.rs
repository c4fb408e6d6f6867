//! A new time of the session, confirmed by everyone who has accepted.

use consilium_domain::{
    ConsultationId, InvitationId, InvitationState, NoticeKind,
    consultation::Command,
    machine::Actor,
    permission::Action,
    preparation::invitation::{Command as Move, MACHINE},
};
use consilium_protocol::{
    consultation::{Consultation, RescheduleInput},
    exchange::{Body, Envelope},
};
use consilium_storage::{Consultation as Stored, WriteTx};

use super::{ask, check_reason, locked, term_ms};
use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{access, consultations, requests},
    state::App,
};

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
