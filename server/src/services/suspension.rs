//! Stopping the exchange after a system fault and taking it up again (clause 7.5 c): while it is suspended
//! nothing is sent, no clock runs, and consultations wait where they stood.

use consilium_domain::{
    ConsultationId, ConsultationState, NoticeKind, Role,
    consultation::{Command, Facts, apply},
};
use consilium_protocol::{codes, limits, notice::ExchangeStatus};
use consilium_storage::{StoreError, Suspension, WriteTx};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{
        notices::{self, Tell, To},
        opinions,
        patients::Check,
    },
    state::App,
};

/// Whether the exchange is suspended, since when, and for those who run the system also why.
///
/// # Errors
/// The store fails.
pub async fn status(app: &App, ctx: &Ctx) -> Result<ExchangeStatus, ServiceError> {
    let suspension = app.store.reader().suspension().await?;
    Ok(view(ctx, suspension.as_ref()))
}

fn view(ctx: &Ctx, suspension: Option<&Suspension>) -> ExchangeStatus {
    ExchangeStatus {
        suspended: suspension.is_some(),
        since: suspension.map(|s| s.from),
        reason: suspension
            .filter(|_| ctx.account.role == Role::Ops)
            .map(|s| s.reason.clone()),
    }
}

/// Suspends the exchange.
///
/// # Errors
/// Not the caller's duty (403, audited), no reason, suspended already, or the store fails.
pub async fn suspend(app: &App, ctx: &Ctx, reason: &str) -> Result<ExchangeStatus, ServiceError> {
    permit(app, ctx, "suspend").await?;
    let mut check = Check::default();
    check.required("reason", reason, limits::REASON_CHARS);
    check.finish()?;
    let now = ctx.now();
    let suspension = Suspension {
        id: Uuid::now_v7(),
        from: now,
        until: None,
        reason: reason.trim().to_owned(),
        begun_by: ctx.account.id,
        ended_by: None,
    };
    let mut tx = app.store.begin().await?;
    match tx.begin_suspension(&suspension).await {
        Ok(()) => {}
        Err(StoreError::Conflict(_)) => {
            drop(tx);
            return refuse(app, ctx, "suspend", codes::EXCHANGE_SUSPENDED).await;
        }
        Err(other) => return Err(other.into()),
    }
    let live = live_states(ctx);
    let concerned = tx.institutions_at_work(&live).await?;
    let stopped = tx.suspend_consultations(&live, now).await?;
    let tell = Tell {
        at: Some(now),
        ..Tell::new(NoticeKind::ExchangeSuspended)
    };
    for institution in concerned {
        let roles = notices::ADMINS;
        notices::tell(&mut tx, now, To::Role { institution, roles }, tell.clone()).await?;
    }
    let ids: Vec<_> = stopped.into_iter().map(|(id, _)| id).collect();
    record(&mut tx, ctx, Command::Suspend, suspension.id, &ids).await?;
    tx.commit().await?;
    tracing::warn!(consultations = ids.len(), "the exchange is suspended");
    refresh(app, &ids).await;
    Ok(view(ctx, Some(&suspension)))
}

/// Takes the exchange up again: consultations go on where they stood, and every clock ends later by the
/// time it stood still.
///
/// # Errors
/// Not the caller's duty (403, audited), not suspended, or the store fails.
pub async fn resume(app: &App, ctx: &Ctx) -> Result<ExchangeStatus, ServiceError> {
    permit(app, ctx, "resume").await?;
    let now = ctx.now();
    let mut tx = app.store.begin().await?;
    let Some(suspension) = tx.suspension().await? else {
        drop(tx);
        return refuse(app, ctx, "resume", codes::EXCHANGE_NOT_SUSPENDED).await;
    };
    tx.end_suspension(suspension.id, now, ctx.account.id).await?;
    let ids = tx
        .resume_consultations(now.since_ms(suspension.from), now)
        .await?;
    let moved = tx.shift_deadlines(suspension.from, now).await?;
    let concerned = tx.institutions_at_work(&live_states(ctx)).await?;
    let tell = Tell {
        at: Some(now),
        ..Tell::new(NoticeKind::ExchangeResumed)
    };
    for institution in concerned {
        let roles = notices::ADMINS;
        notices::tell(&mut tx, now, To::Role { institution, roles }, tell.clone()).await?;
    }
    record(&mut tx, ctx, Command::Resume, suspension.id, &ids).await?;
    tx.commit().await?;
    tracing::warn!(consultations = ids.len(), clocks = moved, "the exchange goes on");
    refresh(app, &ids).await;
    Ok(view(ctx, None))
}

/// The states that a suspension stops, by the rules of the consultation.
fn live_states(ctx: &Ctx) -> Vec<ConsultationState> {
    ConsultationState::ALL
        .iter()
        .copied()
        .filter(|state| apply(*state, Command::Suspend, &Facts::default(), ctx.now()).is_ok())
        .collect()
}

async fn permit(app: &App, ctx: &Ctx, verb: &str) -> Result<(), ServiceError> {
    if ctx.account.role == Role::Ops {
        return Ok(());
    }
    audit_refusal(app, ctx, verb, codes::FORBIDDEN).await?;
    Err(ServiceError::Forbidden)
}

async fn refuse<T>(app: &App, ctx: &Ctx, verb: &str, code: &'static str) -> Result<T, ServiceError> {
    audit_refusal(app, ctx, verb, code).await?;
    Err(ServiceError::Refused {
        code,
        state: None,
        errors: Vec::new(),
    })
}

async fn audit_refusal(app: &App, ctx: &Ctx, verb: &str, code: &str) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(
        &format!("exchange.{verb}"),
        "exchange/local".to_owned(),
        code,
        None,
    ))
    .await?;
    Ok(tx.commit().await?)
}

/// One audit record of the act and one of each consultation it changed.
async fn record(
    tx: &mut WriteTx,
    ctx: &Ctx,
    command: Command,
    suspension: Uuid,
    ids: &[ConsultationId],
) -> Result<(), ServiceError> {
    let verb = command.code();
    tx.audit(ctx.event(
        &format!("exchange.{verb}"),
        format!("suspension/{suspension}"),
        "ok",
        None,
    ))
    .await?;
    for id in ids {
        tx.audit(ctx.event(
            &format!("consultation.{verb}"),
            format!("consultation/{id}"),
            "ok",
            Some(*id),
        ))
        .await?;
    }
    Ok(())
}

/// New rights for everybody in the rooms of these consultations.
async fn refresh(app: &App, ids: &[ConsultationId]) {
    for id in ids {
        if let Err(error) = opinions::refresh_room(app, *id, "state").await {
            tracing::error!(consultation = %id, %error, "a room was not told");
        }
    }
}
