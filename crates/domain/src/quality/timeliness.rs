//! Delays (clause 4.2.1 d) and successful transfers (clause 4.2.2 d).

use serde::Serialize;

use super::Ratio;

/// How a set of delays keeps its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timeliness {
    /// Delays within the limit.
    pub within: Ratio,
    /// 95 of 100 delays are at most this long; `None` without delays.
    pub p95_ms: Option<i64>,
    /// The longest delay.
    pub max_ms: Option<i64>,
}

/// Share within the limit, 95th percentile (nearest rank) and maximum. Limits: [`crate::clock::SOURCE_DELAY_MS`] from
/// available at the source to readable at the lead, [`crate::clock::OPINION_WITHIN_MS`] for opinions.
#[must_use]
pub fn timeliness(delays_ms: &[i64], limit_ms: i64) -> Timeliness {
    let mut sorted = delays_ms.to_vec();
    sorted.sort_unstable();
    let mut within = Ratio::default();
    for delay in &sorted {
        within.count(*delay <= limit_ms);
    }
    // The smallest rank that has at least 95 % at or below it.
    let rank = (sorted.len() * 95).div_ceil(100);
    Timeliness {
        within,
        p95_ms: rank.checked_sub(1).and_then(|at| sorted.get(at).copied()),
        max_ms: sorted.last().copied(),
    }
}

/// Delivered out of started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TransferSuccess {
    /// Delivered at the first try.
    pub first_try: Ratio,
    /// Delivered in the end; compare with [`super::TRANSFER_MIN`].
    pub final_: Ratio,
}

/// Counts transfers that have ended, each with the number of tries and whether it was delivered.
pub fn transfer_success(transfers: impl IntoIterator<Item = (u32, bool)>) -> TransferSuccess {
    let mut result = TransferSuccess::default();
    for (tries, delivered) in transfers {
        result.first_try.count(delivered && tries <= 1);
        result.final_.count(delivered);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_percentiles() {
        let delays: Vec<i64> = (1..=100).rev().map(|minute| minute * 60_000).collect();
        let result = timeliness(&delays, crate::clock::SOURCE_DELAY_MS);
        assert_eq!(result.within, Ratio::new(30, 100));
        assert_eq!(result.p95_ms, Some(95 * 60_000));
        assert_eq!(result.max_ms, Some(100 * 60_000));
        assert_eq!(timeliness(&[7], 7).p95_ms, Some(7));
        assert_eq!(timeliness(&[], 7), Timeliness::default());
        // A source whose clock is ahead delivers before it says "available".
        assert_eq!(timeliness(&[-5], 0).within, Ratio::new(1, 1));
    }

    #[test]
    fn tries() {
        let result = transfer_success([(1, true), (3, true), (3, false), (1, true)]);
        assert_eq!(result.first_try, Ratio::new(2, 4));
        assert_eq!(result.final_, Ratio::new(3, 4));
    }
}
