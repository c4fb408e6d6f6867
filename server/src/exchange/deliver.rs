//! Delivering: every try is counted and committed before it is made, under a lease; its result is written
//! only by the worker that still holds it.

use std::time::Duration;

use consilium_domain::{
    ConsultationId, NoticeKind, Role, Timestamp, TransferState,
    machine::Actor,
    preparation::transfer::{Command, LEASE_MS, MACHINE, next_try},
};
use consilium_protocol::{codes, exchange::Receipt, limits};
use consilium_storage::{AuditEntry, Lane, Outgoing, WriteTx};
use tokio::task::JoinSet;

use super::transport::Failure;
use crate::{
    ctx::by_system,
    error::ServiceError,
    services::notices::{self, Tell, To},
    state::App,
};

/// A try without a result is over after this long; shorter than its lease.
const TRY_TIMEOUT: Duration = Duration::from_secs(20);
/// Who is told when a message is parked.
const TOLD: &[Role] = &[Role::Admin, Role::Operator];

/// A message whose try has been counted.
struct Claimed {
    message: Outgoing,
    envelope: Vec<u8>,
}

/// Delivers what is due, lanes side by side, each in order, at most [`limits::OUTBOX_BATCH`] messages. How
/// many tries it made.
///
/// # Errors
/// The store fails; tries under way are finished first.
pub(super) async fn round(app: &App, scope: Option<ConsultationId>) -> Result<usize, ServiceError> {
    // Tasks, not futures of this one: a try that holds the writer must go on while this waits for it.
    let mut running = JoinSet::new();
    let mut tries = 0;
    let mut failed = None;
    loop {
        let places = limits::DELIVERIES_AT_ONCE.saturating_sub(running.len());
        let left = usize::try_from(limits::OUTBOX_BATCH)
            .unwrap_or(usize::MAX)
            .saturating_sub(tries);
        let places = places.min(left);
        if failed.is_none() && places > 0 {
            match claim(app, scope, places).await {
                Ok(claimed) => {
                    tries += claimed.len();
                    for one in claimed {
                        running.spawn(attempt(app.clone(), one));
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        match running.join_next().await {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => failed = Some(error),
            Some(Err(died)) => failed = Some(died.into()),
            None => return failed.map_or(Ok(tries), Err),
        }
    }
}

/// Counts the tries of messages that are due, and settles those whose lease has ended without a result.
async fn claim(
    app: &App,
    scope: Option<ConsultationId>,
    places: usize,
) -> Result<Vec<Claimed>, ServiceError> {
    let limit = u64::try_from(places).unwrap_or(u64::MAX);
    loop {
        let now = app.now();
        let next = app.store.reader().next_message_at(scope).await?;
        if next.is_none_or(|at| at > now) {
            return Ok(Vec::new());
        }
        let mut tx = app.store.begin().await?;
        if tx.suspended().await? {
            return Ok(Vec::new());
        }
        let mut claimed = Vec::new();
        let mut lost = Vec::new();
        for message in tx.outgoing_due(scope, now, limit).await? {
            if message.state == TransferState::Sending {
                lost.push(message);
                continue;
            }
            let next = Outgoing {
                state: step(message.state, Command::Try)?,
                tries: message.tries.saturating_add(1),
                next_at: Some(now.plus_ms(LEASE_MS)),
                ..message.clone()
            };
            if tx.move_outgoing(&message, &next).await? {
                let envelope = tx.envelope(next.id).await?;
                claimed.push(Claimed {
                    message: next,
                    envelope,
                });
            }
        }
        tx.commit_technical().await?;
        for message in &lost {
            let nothing = Err(Failure::Transient(codes::EXCHANGE_NO_RESULT.to_owned()));
            settle(app, message, nothing).await?;
        }
        if lost.is_empty() || !claimed.is_empty() {
            return Ok(claimed);
        }
    }
}

/// Makes one try and writes down what came of it.
async fn attempt(app: App, claimed: Claimed) -> Result<(), ServiceError> {
    let Claimed { message, envelope } = claimed;
    let sent = app.exchange.transport.send(&app, &envelope);
    let result = match tokio::time::timeout(TRY_TIMEOUT, sent).await {
        Ok(Ok(receipt)) if receipt.message_id != message.id => {
            Err(Failure::Transient(codes::EXCHANGE_NO_RESULT.to_owned()))
        }
        Ok(result) => result,
        Err(_) => Err(Failure::Transient(codes::EXCHANGE_UNAVAILABLE.to_owned())),
    };
    let settled = settle(&app, &message, result).await;
    app.exchange.settled.notify_waiters();
    settled
}

fn step(state: TransferState, command: Command) -> Result<TransferState, ServiceError> {
    MACHINE
        .step(state, command, Actor::System)
        .map_err(|refused| ServiceError::Internal(format!("transfer {}: {refused}", command.code())))
}

/// Writes the result of the try that `message` stands in, unless its lease has passed to another.
async fn settle(app: &App, message: &Outgoing, result: Result<Receipt, Failure>) -> Result<(), ServiceError> {
    let now = app.now();
    let tries = u32::try_from(message.tries).unwrap_or(u32::MAX);
    let (command, next_at, cause) = match &result {
        Ok(_) => (Command::Acknowledge, None, None),
        Err(Failure::Refused(code)) => (Command::Fail, None, Some(code.clone())),
        Err(Failure::Transient(code)) => match next_try(tries, now) {
            Some(at) => (Command::Wait, Some(at), Some(code.clone())),
            None => (Command::Fail, None, Some(code.clone())),
        },
    };
    let delivered = command == Command::Acknowledge;
    let after = Outgoing {
        state: step(message.state, command)?,
        next_at,
        cause,
        received_at: result.ok().map(|receipt| receipt.received_at),
        settled_at: delivered.then_some(now),
        ..message.clone()
    };
    let mut tx = app.store.begin().await?;
    tx.lock_consultation(message.lane.consultation).await?;
    if !tx.move_outgoing(message, &after).await? {
        return Ok(());
    }
    if delivered {
        promote(app, &mut tx, message.lane).await?;
    }
    if command == Command::Fail {
        tell(app, &mut tx, &after).await?;
    }
    let result = after.cause.as_deref().unwrap_or("ok");
    tx.audit(event(now, &after, command, result)).await?;
    tx.commit().await?;
    let cause = after.cause.unwrap_or_default();
    metrics::counter!("consilium_exchange_tries_total", "state" => after.state.code(), "cause" => cause)
        .increment(1);
    Ok(())
}

/// Lets the first unsettled message of a lane go now, if it was waiting behind another.
pub(super) async fn promote(app: &App, tx: &mut WriteTx, lane: Lane) -> Result<(), ServiceError> {
    let Some(head) = tx.lane_head(lane).await? else {
        return Ok(());
    };
    if head.state == TransferState::Queued && head.next_at.is_none() {
        let next = Outgoing {
            next_at: Some(app.now()),
            ..head.clone()
        };
        tx.move_outgoing(&head, &next).await?;
    }
    Ok(())
}

/// Tells the sender's people which message is parked and why (clause 7.5 a).
async fn tell(app: &App, tx: &mut WriteTx, message: &Outgoing) -> Result<(), ServiceError> {
    let to = To::Role {
        institution: message.lane.from,
        roles: TOLD,
    };
    let what = Tell {
        consultation: Some(message.lane.consultation),
        institution: Some(message.lane.to),
        code: message.cause.clone(),
        item: Some(message.kind.code().to_owned()),
        link: "/transfers".to_owned(),
        ..Tell::new(NoticeKind::TransferFailed)
    };
    notices::tell(tx, app.now(), to, what).await
}

/// The sender's audit event.
fn event(now: Timestamp, message: &Outgoing, command: Command, result: &str) -> AuditEntry {
    AuditEntry {
        institution: message.lane.from.to_string(),
        ..by_system(
            now,
            &format!("{}.{}", MACHINE.name, command.code()),
            format!("message/{}", message.id),
            result,
            Some(message.lane.consultation),
        )
    }
}

/// See [`super::recover`].
pub(super) async fn recover(app: &App) -> Result<(), ServiceError> {
    if !app.store.is_exclusive() {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    let count = tx.end_leases(app.now()).await?;
    tx.commit_technical().await?;
    if count > 0 {
        tracing::info!(count, "tries of the last run had no result");
    }
    Ok(())
}

/// How many messages wait and how many are parked, for the metrics.
///
/// # Errors
/// The store fails.
pub(super) async fn measure(app: &App) -> Result<(), ServiceError> {
    let reader = app.store.reader();
    for state in [
        TransferState::Queued,
        TransferState::Waiting,
        TransferState::Failed,
    ] {
        let count = u32::try_from(reader.outgoing_in(state).await?).unwrap_or(u32::MAX);
        metrics::gauge!("consilium_exchange_messages", "state" => state.code()).set(count);
    }
    Ok(())
}
