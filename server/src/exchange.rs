//! The exchange (clause 7.5 a, c): every act that crosses from one institution to another is a message.
//!
//! [`post`] writes it into the outbox, in the transaction of the change that caused it. A worker ([`work`])
//! and, right after commit, the caller ([`flush`]) deliver it through a [`Transport`] to the receiver's
//! inbox, where it has its effect once. What cannot be delivered is parked after three tries and a person
//! is told. Messages of one lane (consultation, sender, receiver) go in their order; lanes do not wait for
//! each other.

mod deliver;
mod effects;
mod envelope;
pub mod inbox;
pub mod transfers;
mod transport;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use consilium_domain::{
    ConsultationId, InstitutionId, MessageId, Timestamp, TransferState, masking::RuleSet,
};
use consilium_protocol::{
    exchange::{Body, Envelope, RuleSetRef, VERSION},
    limits,
};
use consilium_storage::{Lane, Outgoing, WriteTx};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{error::ServiceError, state::App};

pub use transport::{Failure, Local, Transport};

/// How long the worker sleeps at most: what was written by another process has no other way to wake it.
const POLL: Duration = Duration::from_secs(1);
/// How long a caller waits for messages of its consultation that somebody else is delivering.
const FLUSH_WAIT: Duration = Duration::from_secs(5);
/// How often such a caller looks, should the other be in another process.
const FLUSH_POLL: Duration = Duration::from_millis(50);

/// What the exchange keeps in memory. All that must last is in the tables.
pub struct Engine {
    /// How messages travel.
    transport: Arc<dyn Transport>,
    /// Something may be due.
    wake: Notify,
    /// A try has ended.
    settled: Notify,
}

impl Engine {
    /// An exchange over a transport.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            wake: Notify::new(),
            settled: Notify::new(),
        }
    }
}

/// Puts a message into the outbox, as part of the transaction of the change it tells of. It is on its way
/// after the commit: call [`flush`] then.
///
/// # Errors
/// No such consultation, the message is too large, or the store fails.
pub async fn post(
    app: &App,
    tx: &mut WriteTx,
    consultation: ConsultationId,
    from: InstitutionId,
    to: InstitutionId,
    at: Timestamp,
    body: Body,
) -> Result<MessageId, ServiceError> {
    // The row all posts and deliveries of the consultation take first: the end of the lane stands still.
    tx.lock_consultation(consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let lane = Lane {
        consultation,
        from,
        to,
    };
    let end = tx.lane_end(lane).await?;
    let seq = end.last.saturating_add(1);
    let rules = RuleSet::builtin();
    let mut envelope = Envelope {
        id: MessageId(Uuid::now_v7()),
        version: VERSION,
        consultation,
        from,
        to,
        seq: place(seq)?,
        after: place(end.kept)?,
        sent_at: at,
        rules: RuleSetRef {
            version: rules.version().to_owned(),
            hash: rules.hash().to_owned(),
        },
        body,
        key_id: String::new(),
        signature: String::new(),
    };
    let signed = envelope::sign(app.store.vault(), &mut envelope)?;
    if signed.len() > limits::MESSAGE_BYTES {
        return Err(ServiceError::TooLarge);
    }
    let message = Outgoing {
        id: envelope.id,
        lane,
        seq,
        kind: envelope.body.kind(),
        state: TransferState::Queued,
        tries: 0,
        run: 1,
        next_at: (!end.busy).then_some(at),
        cause: None,
        created_at: at,
        received_at: None,
        settled_at: None,
    };
    tx.insert_outgoing(&message, &signed).await?;
    Ok(message.id)
}

/// A place in a lane as it is written into messages.
fn place(seq: i64) -> Result<u64, ServiceError> {
    u64::try_from(seq).map_err(|_| ServiceError::Internal("a message has a negative place".to_owned()))
}

/// Delivers what is due of one consultation and waits for what others are delivering of it, for a bounded
/// time. Call it after the commit, so that the answer to the caller shows the effect. It never fails the
/// caller: what is left is the worker's.
pub async fn flush(app: &App, consultation: ConsultationId) {
    let running = app.clone();
    // In a task of its own: a caller that goes away leaves no try without a result.
    let work = tokio::spawn(async move { settle_all(&running, consultation).await });
    match work.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "messages are left to the worker"),
        Err(error) => tracing::error!(%error, "delivery ended early"),
    }
    app.exchange.wake.notify_one();
}

async fn settle_all(app: &App, consultation: ConsultationId) -> Result<(), ServiceError> {
    let until = Instant::now() + FLUSH_WAIT;
    loop {
        let settled = app.exchange.settled.notified();
        deliver::round(app, Some(consultation)).await?;
        let reader = app.store.reader();
        if !reader.is_moving(consultation, app.now()).await?
            || reader.suspended().await?
            || Instant::now() >= until
        {
            return Ok(());
        }
        // With somebody else. Either way it looks again.
        let _ = tokio::time::timeout(FLUSH_POLL, settled).await;
    }
}

/// One round of the worker: everything that is due, and the tries of dead workers. How many tries it made.
///
/// # Errors
/// The store fails.
pub async fn run(app: &App) -> Result<usize, ServiceError> {
    let tries = deliver::round(app, None).await;
    deliver::measure(app).await?;
    tries
}

/// At start: the tries under way are those of a dead process and have no result. On PostgreSQL other workers
/// may be alive; there the leases of the dead end by themselves.
///
/// # Errors
/// The store fails.
pub async fn recover(app: &App) -> Result<(), ServiceError> {
    deliver::recover(app).await
}

/// The worker: delivers until it is told to stop. Any number of them may run on PostgreSQL.
pub async fn work(app: App, stop: CancellationToken) {
    if let Err(error) = recover(&app).await {
        tracing::error!(%error, "the tries of the last run wait for the end of their leases");
    }
    while !stop.is_cancelled() {
        let wait = match run(&app).await {
            Ok(_) => until_next(&app).await,
            Err(error) => {
                tracing::error!(%error, "the exchange worker failed");
                POLL
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.exchange.wake.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// How long nothing is due, as far as can be seen from here.
async fn until_next(app: &App) -> Duration {
    match app.store.reader().next_message_at(None).await {
        Ok(Some(at)) => {
            let ms = u64::try_from(at.since_ms(app.now())).unwrap_or(0);
            // What is due and was not taken is with somebody else, or suspended.
            Duration::from_millis(ms).clamp(FLUSH_POLL, POLL)
        }
        Ok(None) | Err(_) => POLL,
    }
}
