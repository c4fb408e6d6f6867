//! What the server does without being asked.

use std::time::Duration;

use tokio::{sync::broadcast::error::RecvError, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use consilium_domain::Timestamp;
use consilium_protocol::limits;
use consilium_storage::Wake;

use crate::{
    services::{
        clocks, consents,
        mail::{self, Mailer},
        retention, supplements, uploads, worklist,
    },
    state::App,
};

/// How often the clocks are looked at: one look is one read of an index.
const CLOCKS_EVERY: Duration = Duration::from_secs(1);
/// How often mails that wait for another try are looked at. New ones go out at once.
const MAILS_EVERY: Duration = Duration::from_secs(1);

/// How often cases that are over are looked through for what need not stay, ms.
const RETENTION_EVERY_MS: i64 = 60 * 60 * 1000;

/// How often uploads that are over are removed, and complete ones taken that nobody has taken, ms.
const UPLOADS_EVERY_MS: i64 = 60 * 1000;

/// Deadlines pass whether anybody looks or not.
pub async fn clocks(app: App, stop: CancellationToken) {
    let mut tick = tokio::time::interval(CLOCKS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut looked_at, mut uploads_at) = (None, None);
    let mut indexed = false;
    if let Err(error) = supplements::recover(&app).await {
        tracing::error!(%error, "running sessions were not looked at");
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        // What was measured is folded up, or it would pile up where nobody reads it.
        app.metrics.run_upkeep();
        reduce(&app, &mut looked_at).await;
        tidy_uploads(&app, &mut uploads_at).await;
        index(&app, &mut indexed).await;
        let made = supplements::run(&app).await;
        if made > 0 {
            tracing::info!(count = made, "packages supplemented in session");
        }
        match consents::expire(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "consents ran out"),
            Err(error) => tracing::error!(%error, "the consent job failed"),
        }
        match clocks::tick(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "clocks reminded or ended"),
            Err(error) => tracing::error!(%error, "the clock job failed"),
        }
    }
}

/// Cases from before there was an index are put into it, some with each look until none is left.
async fn index(app: &App, indexed: &mut bool) {
    if *indexed {
        return;
    }
    match worklist::index_missing(app).await {
        Ok(0) => *indexed = true,
        Ok(count) => tracing::info!(count, "cases put into the index of the search"),
        Err(error) => tracing::error!(%error, "the index job failed"),
    }
}

/// Once an hour what need not stay goes; when more is due than one round takes, the next look goes on.
async fn reduce(app: &App, looked_at: &mut Option<Timestamp>) {
    let now = app.now();
    if looked_at.is_some_and(|at| now.since_ms(at) < RETENTION_EVERY_MS) {
        return;
    }
    *looked_at = Some(now);
    match retention::run(app).await {
        Ok(0) => {}
        Ok(count) => {
            tracing::info!(count, "cases reduced to what must stay");
            if count >= limits::REDUCTIONS_BATCH {
                *looked_at = None;
            }
        }
        Err(error) => tracing::error!(%error, "the retention job failed"),
    }
}

/// Uploads: those that are over go; those that a stop or failure left without an answer get one.
async fn tidy_uploads(app: &App, looked_at: &mut Option<Timestamp>) {
    let now = app.now();
    if looked_at.is_some_and(|at| now.since_ms(at) < UPLOADS_EVERY_MS) {
        return;
    }
    *looked_at = Some(now);
    match uploads::expire(app).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "uploads removed"),
        Err(error) => tracing::error!(%error, "the upload job failed"),
    }
    match uploads::resume(app).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "uploads taken up again"),
        Err(error) => tracing::error!(%error, "the upload job failed"),
    }
}

/// Notices go out by mail.
pub async fn mails(app: App, mailer: Mailer, stop: CancellationToken) {
    let mut wakes = app.store.wakes();
    let mut tick = tokio::time::interval(MAILS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
            wake = wakes.recv() => match wake {
                Ok(Wake::Told(..)) | Err(RecvError::Lagged(_)) => {}
                Ok(_) => continue,
                Err(RecvError::Closed) => return,
            }
        }
        match mail::run(&app, &mailer).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "mails sent"),
            Err(error) => tracing::error!(%error, "the mail job failed"),
        }
    }
}
