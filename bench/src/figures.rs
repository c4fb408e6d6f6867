//! Numbers in a form for people.

use std::time::Duration;

/// Durations of one kind of act.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Sorted once.
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The smallest duration that `permille` thousandths do not exceed.
    pub(crate) fn at(&self, permille: usize) -> Duration {
        let rank = (self.0.len() * permille).div_ceil(1000).max(1) - 1;
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// One line: count, median, 95th and 99th of a hundred, longest.
    pub(crate) fn line(&self, name: &str) -> String {
        format!(
            "{name:<28}{:>6}  median {:>8.2} ms  p95 {:>8.2} ms  p99 {:>8.2} ms  max {:>8.2} ms",
            self.0.len(),
            ms(self.at(500)),
            ms(self.at(950)),
            ms(self.at(990)),
            ms(self.at(1000)),
        )
    }
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Memory of this process from `/proc/self/status`, MiB: what it has now, and the most it ever had.
pub(crate) fn memory() -> Option<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}
