//! Numbered, timed steps.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

/// What a step found.
pub(crate) enum Done {
    /// The work was done.
    Did,
    /// There was nothing to do; the reason is printed.
    Already(String),
}

/// Counts and times steps: `[3/9] wasm-opt ... 2.1 s`.
pub(crate) struct Steps {
    total: u32,
    current: u32,
}

impl Steps {
    /// A run of `total` steps.
    pub(crate) fn new(total: u32) -> Self {
        Self { total, current: 0 }
    }

    /// A step that prints nothing itself: one line.
    pub(crate) fn quiet(&mut self, name: &str, work: impl FnOnce() -> Result<Done>) -> Result<()> {
        self.current += 1;
        print!("[{}/{}] {name} ... ", self.current, self.total);
        // A closed standard output must not stop the work itself.
        let _unseen = std::io::stdout().flush();
        let start = Instant::now();
        match work() {
            Ok(Done::Did) => println!("{}", seconds(start.elapsed())),
            Ok(Done::Already(why)) => println!("{} ({why})", seconds(start.elapsed())),
            Err(error) => {
                println!("failed after {}", seconds(start.elapsed()));
                return Err(error.context(name.to_owned()));
            }
        }
        Ok(())
    }

    /// A step whose programs print: a line before and a line after. Gives the time it took.
    pub(crate) fn loud(&mut self, name: &str, work: impl FnOnce() -> Result<Done>) -> (Duration, Result<()>) {
        self.current += 1;
        let (current, total) = (self.current, self.total);
        println!("[{current}/{total}] {name} ...");
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        match &result {
            Ok(Done::Did) => println!("[{current}/{total}] {name} ... {}", seconds(took)),
            Ok(Done::Already(why)) => println!("[{current}/{total}] {name} ... {} ({why})", seconds(took)),
            Err(error) => println!(
                "[{current}/{total}] {name} ... failed after {}: {error:#}",
                seconds(took)
            ),
        }
        (took, result.map(|_| ()))
    }
}

/// A time as people read it: `2.1 s`, `3 min 05 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_readable() {
        assert_eq!(seconds(Duration::from_millis(2_140)), "2.1 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
