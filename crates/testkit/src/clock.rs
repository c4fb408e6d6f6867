//! A clock that tests turn.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use consilium_domain::Timestamp;
use consilium_server::clock::{Clock, system};

/// The system's clock plus what was added. It never stands still, so that order stays order.
#[derive(Clone, Debug, Default)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Moves the clock on.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// The time by this clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock())()
    }

    /// For the server.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let added = Arc::clone(&self.0);
        let system = system();
        Arc::new(move || system().plus_ms(added.load(Ordering::SeqCst)))
    }
}
