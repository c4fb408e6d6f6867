//! How long to wait before the next attempt to connect: full jitter, so that a room full of people does
//! not come back in one moment.

/// Longest first wait, ms.
const FIRST_MS: f64 = 300.0;
/// Longest wait, ms.
const LONGEST_MS: f64 = 15_000.0;
/// Shortest wait, ms: a refused connection must not be retried in a tight loop.
const SHORTEST_MS: f64 = 50.0;

/// Counts failed attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: i32,
}

impl Backoff {
    /// The wait before the next attempt, ms. `random` is uniform in `0..1`.
    pub fn next_ms(&mut self, random: f64) -> i32 {
        let ceiling = (FIRST_MS * 2_f64.powi(self.failures.min(16))).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        crate::viewer::number::round_i32((random.clamp(0.0, 1.0) * ceiling).max(SHORTEST_MS))
    }

    /// The server has greeted us.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_start_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..9).map(|_| backoff.next_ms(1.0)).collect();
        assert_eq!(waits, [300, 600, 1200, 2400, 4800, 9600, 15_000, 15_000, 15_000]);
        assert_eq!(backoff.next_ms(0.5), 7500);
        backoff.reset();
        assert_eq!(backoff.next_ms(0.0), 50);
    }
}
