//! What the server does without being asked.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{services::clocks, state::App};

/// How often the clocks are looked at: one look is one read of an index.
const CLOCKS_EVERY: Duration = Duration::from_secs(1);

/// Deadlines pass whether anybody looks or not.
pub async fn clocks(app: App, stop: CancellationToken) {
    let mut tick = tokio::time::interval(CLOCKS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match clocks::tick(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "clocks reminded or ended"),
            Err(error) => tracing::error!(%error, "the clock job failed"),
        }
    }
}
