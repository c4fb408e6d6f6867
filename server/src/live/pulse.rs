//! One task looks after all connections: sessions that end, peers that are silent, pings. A timer for each
//! connection would wake a thousand tasks a second where nothing happens.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use consilium_protocol::live::CLOSE_EXPIRED;
use tokio::time::{MissedTickBehavior, interval};

use super::{Connected, Shared, lock};

/// How often it looks.
const TICK: Duration = Duration::from_secs(1);

/// When a peer was heard and when it was pinged, in milliseconds of the life of this value.
#[derive(Debug)]
pub(super) struct Pulse {
    since: Instant,
    heard: AtomicU64,
    pinged: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            heard: AtomicU64::new(0),
            pinged: AtomicU64::new(0),
        }
    }
}

impl Pulse {
    fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// The peer has said something.
    pub(super) fn beat(&self) {
        self.heard.store(ms(self.age()), Ordering::Relaxed);
    }

    /// Whether so much time has passed since it was heard.
    fn silent_for(&self, time: Duration) -> bool {
        self.age() >= Duration::from_millis(self.heard.load(Ordering::Relaxed)) + time
    }

    /// Whether it is time for the next ping; then it counts as sent.
    fn ping_due(&self, every: Duration) -> bool {
        let age = self.age();
        let due = age >= Duration::from_millis(self.pinged.load(Ordering::Relaxed)) + every;
        if due {
            self.pinged.store(ms(age), Ordering::Relaxed);
        }
        due
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Starts the task; it ends with the rooms.
pub(super) fn start(shared: &Arc<Shared>) {
    let timing = shared.timing;
    let rooms = Arc::downgrade(shared);
    tokio::spawn(look(rooms, TICK.min(timing.dead).min(timing.ping)));
}

async fn look(rooms: Weak<Shared>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(rooms) = rooms.upgrade() else { return };
        let now = (rooms.clock)();
        for connected in lock(&rooms.connections).values() {
            let Connected { outbox, pulse, .. } = connected;
            if now >= connected.expires_at {
                outbox.close(CLOSE_EXPIRED, "session expired");
            } else if pulse.silent_for(rooms.timing.dead) {
                outbox.close(1001, "no answer");
            } else if pulse.ping_due(rooms.timing.ping) {
                outbox.ping();
            }
        }
    }
}
