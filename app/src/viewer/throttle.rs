//! How often something that changes all the time is sent.

/// Least time between two awareness frames, ms: about 30 a second.
pub const AWARENESS_EVERY_MS: f64 = 33.0;

/// Sends the first change at once and the last one after the interval; those between are merged.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    every_ms: f64,
    sent_ms: Option<f64>,
    pending: bool,
}

impl Throttle {
    /// At most one in `every_ms`.
    #[must_use]
    pub const fn new(every_ms: f64) -> Self {
        Self {
            every_ms,
            sent_ms: None,
            pending: false,
        }
    }

    /// Something changed: whether to send now. When not, ask [`Self::due`] in the next frame.
    pub fn changed(&mut self, now_ms: f64) -> bool {
        self.pending = true;
        self.due(now_ms)
    }

    /// Whether a change waits and its time has come; the caller then sends it.
    pub fn due(&mut self, now_ms: f64) -> bool {
        let ready = self.pending && self.sent_ms.is_none_or(|sent| now_ms - sent >= self.every_ms);
        if ready {
            self.pending = false;
            self.sent_ms = Some(now_ms);
        }
        ready
    }

    /// Whether a change waits.
    #[must_use]
    pub const fn waiting(&self) -> bool {
        self.pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_at_once_last_never_lost_rate_kept() {
        let mut throttle = Throttle::new(33.0);
        let mut sent = Vec::new();
        for now in 0..100 {
            let now = f64::from(now);
            if throttle.changed(now) {
                sent.push(now);
            }
        }
        assert_eq!(sent, [0.0, 33.0, 66.0, 99.0]);
        assert!(!throttle.waiting());
        assert!(!throttle.changed(100.0) && throttle.waiting());
        assert!(!throttle.due(131.0) && throttle.due(132.0) && !throttle.due(999.0));
    }
}
