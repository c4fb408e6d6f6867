//! A clock that tests turn.

use std::sync::{Arc, Mutex, PoisonError};

use consilium_domain::Timestamp;
use consilium_server::clock::{Clock, system};

/// The system's clock plus what was added. It does not stand still, so that order stays order, unless it
/// is held.
#[derive(Clone, Debug, Default)]
pub struct TestClock(Arc<Mutex<Hand>>);

#[derive(Clone, Copy, Debug, Default)]
struct Hand {
    added: i64,
    held: Option<Timestamp>,
}

impl Hand {
    fn now(self) -> Timestamp {
        self.held.unwrap_or_else(|| system()().plus_ms(self.added))
    }
}

impl TestClock {
    /// Moves the clock on.
    pub fn advance_ms(&self, ms: i64) {
        self.turn(|hand| {
            hand.added += ms;
            hand.held = hand.held.map(|at| at.plus_ms(ms));
        });
    }

    /// Stops the clock at a whole second: it moves when it is turned and not otherwise, so that tests are
    /// exact.
    pub fn hold(&self) -> Timestamp {
        self.turn(|hand| {
            let now = hand.now();
            let whole = now.plus_ms(-now.ms().rem_euclid(1000));
            *hand.held.insert(whole)
        })
    }

    /// Sets a held clock.
    pub fn set(&self, at: Timestamp) {
        self.turn(|hand| hand.held = Some(at));
    }

    /// The time by this clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.turn(|hand| hand.now())
    }

    /// For the server.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }

    fn turn<T>(&self, turn: impl FnOnce(&mut Hand) -> T) -> T {
        turn(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
