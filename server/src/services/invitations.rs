//! Answers to invitations (clause 7.2 c) and what the system does after each.

use consilium_domain::{
    ConsultationId, ConsultationState, InvitationState, Timestamp,
    consultation::{Command, apply},
    invitation::{Answer, AnswerRefusal, answer as decide_answer},
    permission::Action,
};
use consilium_protocol::{consultation::Consultation, limits};
use consilium_storage::{AuditEntry, Consultation as Stored, Invitation};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, consultations, patients},
    state::App,
};

impl From<AnswerRefusal> for ServiceError {
    fn from(refusal: AnswerRefusal) -> Self {
        Self::Refused {
            code: refusal.code(),
            state: None,
            errors: Vec::new(),
        }
    }
}

/// Answers the own institution's invitation; when it was the last, the consultation goes on.
///
/// # Errors
/// No invitation, answered before, too late, nothing offered, no reason.
pub async fn answer(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    given: Answer,
) -> Result<Option<Consultation>, ServiceError> {
    access::open(app, ctx, id, Action::Answer).await?;
    let mut check = patients::Check::default();
    if let Answer::Decline { reason } = &given {
        check.optional("reason", reason, limits::REASON_CHARS);
    }
    check.finish()?;
    let mut tx = app.store.begin().await?;
    // The consultation's row first, in every transaction: two institutions may answer in the same instant.
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let mut invitations = tx.invitations(id).await?;
    let own = invitations
        .iter_mut()
        .find(|i| i.institution == ctx.institution.id)
        .ok_or(ServiceError::NotFound)?;
    let target = format!("invitation/{}", own.id);
    let state = match decide_answer(own.state, own.due_at, &given, ctx.now()) {
        Ok(state) => state,
        Err(refusal) => {
            tx.audit(ctx.event("invitation.answer", target, refusal.code(), Some(id)))
                .await?;
            tx.commit().await?;
            return Err(refusal.into());
        }
    };
    let (can_provide, reason) = match given {
        Answer::Accept { can_provide } => (can_provide, None),
        Answer::Decline { reason } => (Vec::new(), Some(reason)),
    };
    *own = Invitation {
        state,
        answered_at: Some(ctx.now()),
        answered_by: Some(ctx.account.id),
        can_provide,
        reason,
        ..own.clone()
    };
    tx.update_invitation(own).await?;
    tx.audit(ctx.event("invitation.answer", target, "ok", Some(id)))
        .await?;
    for invitation in &mut invitations {
        invitation.state =
            consilium_domain::invitation::state_at(invitation.state, invitation.due_at, ctx.now());
    }
    let settled = access::Case {
        consultation,
        invitations,
    };
    if let Ok(next) = apply(
        settled.consultation.state,
        Command::Settle,
        &consultations::facts(&settled),
        ctx.now(),
    ) {
        let due_at = if next == ConsultationState::Inviting {
            settled.consultation.due_at
        } else {
            None
        };
        let stored = Stored {
            state: next,
            due_at,
            updated_at: ctx.now(),
            ..settled.consultation
        };
        consultations::save(&mut tx, ctx, &stored, Command::Settle).await?;
    }
    tx.commit().await?;
    if state == InvitationState::Declined {
        return Ok(None);
    }
    consultations::read(app, ctx, id).await.map(Some)
}

/// Lets the terms run out: called by the clock job. Invitations past their term become expired and
/// their consultations go on or back to draft. Tells how many expired.
///
/// # Errors
/// The store fails.
pub async fn expire(app: &App) -> Result<usize, ServiceError> {
    let mut count = 0;
    for waiting in app
        .store
        .reader()
        .consultations_in(&[ConsultationState::Inviting])
        .await?
    {
        let case = access::load(app, waiting.id).await?;
        if case
            .invitations
            .iter()
            .any(|i| i.state == InvitationState::Expired)
        {
            count += expire_of(app, waiting.id).await?;
        }
    }
    Ok(count)
}

async fn expire_of(app: &App, id: ConsultationId) -> Result<usize, ServiceError> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let consultation = tx.consultation(id).await?.ok_or(ServiceError::NotFound)?;
    let mut invitations = tx.invitations(id).await?;
    let mut count = 0;
    for invitation in &mut invitations {
        let state = consilium_domain::invitation::state_at(invitation.state, invitation.due_at, now);
        if state == invitation.state {
            continue;
        }
        invitation.state = state;
        tx.update_invitation(invitation).await?;
        tx.audit(by_clock(
            now,
            "invitation.expire",
            format!("invitation/{}", invitation.id),
            id,
        ))
        .await?;
        count += 1;
    }
    if count == 0 {
        return Ok(0);
    }
    let case = access::Case {
        consultation,
        invitations,
    };
    if let Ok(next) = apply(
        case.consultation.state,
        Command::Settle,
        &consultations::facts(&case),
        now,
    ) {
        let stored = Stored {
            state: next,
            due_at: None,
            updated_at: now,
            ..case.consultation
        };
        tx.update_consultation(&stored, stored.version).await?;
        tx.audit(by_clock(
            now,
            "consultation.settle",
            format!("consultation/{id}"),
            id,
        ))
        .await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// The audit event of an act of the clock.
fn by_clock(now: Timestamp, action: &str, target: String, consultation: ConsultationId) -> AuditEntry {
    AuditEntry {
        device: "server".to_owned(),
        consultation: Some(consultation),
        ..crate::admin::event(now, action, target, "")
    }
}
