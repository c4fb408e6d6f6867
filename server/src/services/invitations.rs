//! Answers to invitations (clause 7.2 c) and what the system does after each.

use consilium_domain::{
    ConsultationId, ConsultationState, InvitationState,
    consultation::{Command, apply},
    invitation::{Answer, AnswerRefusal, answer as decide_answer},
    permission::Action,
};
use consilium_protocol::{consultation::Consultation, limits};
use consilium_storage::{Consultation as Stored, Invitation};

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
    let case = access::open(app, ctx, id, Action::Answer).await?;
    let mut check = patients::Check::default();
    if let Answer::Decline { reason } = &given {
        check.optional("reason", reason, limits::REASON_CHARS);
    }
    check.finish()?;
    let own = case
        .invitations
        .iter()
        .find(|i| i.institution == ctx.institution.id)
        .ok_or(ServiceError::NotFound)?
        .clone();
    let target = format!("invitation/{}", own.id);
    let mut tx = app.store.begin().await?;
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
    let answered = Invitation {
        state,
        answered_at: Some(ctx.now()),
        answered_by: Some(ctx.account.id),
        can_provide,
        reason,
        ..own
    };
    tx.update_invitation(&answered).await?;
    tx.audit(ctx.event("invitation.answer", target, "ok", Some(id)))
        .await?;
    // Inside the transaction: two institutions may answer in the same instant.
    let mut settled = access::Case {
        consultation: tx.consultation(id).await?.ok_or(ServiceError::NotFound)?,
        invitations: tx.invitations(id).await?,
    };
    for invitation in &mut settled.invitations {
        invitation.state =
            consilium_domain::invitation::state_at(invitation.state, invitation.due_at, ctx.now());
    }
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
/// their consultations go on or back to draft.
///
/// # Errors
/// The store fails.
pub async fn expire(app: &App) -> Result<usize, ServiceError> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let expired = tx.expire_due(now).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let request = crate::ctx::Request {
        id: "clock".to_owned(),
        ip: std::net::IpAddr::from([127, 0, 0, 1]),
        device: "server".to_owned(),
        locale: consilium_protocol::page::Locale::ZhCn,
        now,
    };
    let event = |action: &str, target: String, consultation| consilium_storage::AuditEntry {
        operator: consilium_ledger::SYSTEM.to_owned(),
        consultation: Some(consultation),
        ..request.event(action, target, "ok")
    };
    let mut touched: Vec<ConsultationId> = Vec::new();
    for invitation in &expired {
        tx.audit(event(
            "invitation.expire",
            format!("invitation/{}", invitation.id),
            invitation.consultation,
        ))
        .await?;
        if !touched.contains(&invitation.consultation) {
            touched.push(invitation.consultation);
        }
    }
    for id in touched {
        let case = access::Case {
            consultation: tx.consultation(id).await?.ok_or(ServiceError::NotFound)?,
            invitations: tx.invitations(id).await?,
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
            tx.audit(event("consultation.settle", format!("consultation/{id}"), id))
                .await?;
        }
    }
    tx.commit().await?;
    Ok(expired.len())
}
