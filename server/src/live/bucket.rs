//! Token buckets.

use std::time::Instant;

/// Lets through a sustained rate and a burst.
pub(super) struct Bucket {
    rate: f64,
    most: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// So many a second, and so many at once.
    pub(super) fn new(per_second: f64, burst: f64) -> Self {
        Self {
            rate: per_second,
            most: burst,
            tokens: burst,
            at: Instant::now(),
        }
    }

    /// So many a second, and four seconds' worth at once.
    pub(super) fn per_second(rate: u32) -> Self {
        Self::new(f64::from(rate), f64::from(rate) * 4.0)
    }

    fn refill(&mut self) {
        let now = Instant::now();
        let since = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = since.mul_add(self.rate, self.tokens).min(self.most);
    }

    pub(super) fn take(&mut self) -> bool {
        self.refill();
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Whether nothing was taken for a while.
    pub(super) fn is_full(&mut self) -> bool {
        self.refill();
        self.tokens >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_nothing() {
        let mut bucket = Bucket::new(0.0, 3.0);
        assert!(bucket.is_full());
        assert_eq!([(); 5].map(|()| bucket.take()), [true, true, true, false, false]);
        assert!(!bucket.is_full());
        let mut fast = Bucket::new(1e9, 1.0);
        assert!(fast.take());
        while !fast.is_full() {}
        assert!(fast.take());
    }
}
