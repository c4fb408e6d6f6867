//! Data quality as section 3.3 of the specification counts it (clause 4.2.1). Pure numbers: what is counted is given,
//! and a ratio is kept as two whole numbers, so that months and institutions can be added up.

mod completeness;
mod consistency;
mod identity;
mod timeliness;

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

pub use completeness::{CategoryScore, Checked, Completeness, Missing, completeness, contribution};
pub use consistency::{Conflict, Consistency, HeldValue, consistency};
pub use identity::{Doubt, IdentityClaim, LinkAccuracy, Match, identity_match, link_accuracy};
pub use timeliness::{Timeliness, TransferSuccess, timeliness, transfer_success};

/// A limit of the standard in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold {
    permille: u16,
}

impl Threshold {
    /// A limit of so many thousandths.
    #[must_use]
    pub const fn permille(permille: u16) -> Self {
        Self { permille }
    }

    /// The limit in per cent.
    #[must_use]
    pub fn percent(self) -> f64 {
        f64::from(self.permille) / 10.0
    }

    fn fraction(self) -> f64 {
        f64::from(self.permille) / 1000.0
    }
}

/// Completeness of core elements, at least (clause 4.2.1 a).
pub const CORE_MIN: Threshold = Threshold::permille(990);
/// Completeness of the other elements, at least (clause 4.2.1 a).
pub const NON_CORE_MIN: Threshold = Threshold::permille(950);
/// Rate of wrong entries, at most (clause 4.2.1 b).
pub const ERROR_MAX: Threshold = Threshold::permille(5);
/// Agreement between institutions, at least (clause 4.2.1 c).
pub const CONSISTENCY_MIN: Threshold = Threshold::permille(990);
/// Transfers that succeed, at least (clause 4.2.2 d).
pub const TRANSFER_MIN: Threshold = Threshold::permille(995);
/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ratio {
    /// Counted.
    pub part: u64,
    /// Out of.
    pub whole: u64,
}

impl Ratio {
    /// `part` out of `whole`.
    #[must_use]
    pub const fn new(part: u64, whole: u64) -> Self {
        Self { part, whole }
    }

    /// Per cent with two decimals, rounded down so that a value below a limit never shows as the limit; `None` when
    /// there was nothing to count.
    #[must_use]
    pub fn percent(self) -> Option<f64> {
        let hundredths = (u128::from(self.part) * 10_000).checked_div(u128::from(self.whole))?;
        u32::try_from(hundredths).ok().map(|h| f64::from(h) / 100.0)
    }

    /// Reaches the limit. Nothing to count reaches every limit.
    #[must_use]
    pub fn at_least(self, limit: Threshold) -> bool {
        u128::from(self.part) * 1000 >= u128::from(self.whole) * u128::from(limit.permille)
    }

    /// Keeps within the limit.
    #[must_use]
    pub fn at_most(self, limit: Threshold) -> bool {
        u128::from(self.part) * 1000 <= u128::from(self.whole) * u128::from(limit.permille)
    }

    /// Counts one more.
    pub fn count(&mut self, hit: bool) {
        self.whole += 1;
        self.part += u64::from(hit);
    }
}

impl Add for Ratio {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.part + other.part, self.whole + other.whole)
    }
}

impl AddAssign for Ratio {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Error rate of entries (clause 4.2.1 b): elements corrected, or found wrong, after they were first accepted, out of
/// the elements accepted. Compare with [`ERROR_MAX`].
#[must_use]
pub const fn accuracy(accepted: u64, corrected_or_failed: u64) -> Ratio {
    Ratio::new(corrected_or_failed, accepted)
}

/// How many entries must be entered twice to show that the error rate keeps within `limit`, when `errors` of them turn
/// out to differ: the upper bound of the rate, at `confidence` between 0 and 1, by Poisson's distribution. With no
/// error, 0.5 % and 95 % it is 600. `None` when the limit or the confidence leave nothing to show.
#[must_use]
pub fn sample_size_for(limit: Threshold, confidence: f64, errors: u32) -> Option<u64> {
    if limit.permille == 0 || !(0.0..1.0).contains(&confidence) {
        return None;
    }
    let size = expected_errors_max(confidence, errors) / limit.fraction();
    // A float has no lossless way into an integer.
    format!("{:.0}", (size - 1e-9).ceil()).parse().ok()
}

/// The largest expectation under which seeing `errors` or fewer has a chance of at least `1 - confidence`.
fn expected_errors_max(confidence: f64, errors: u32) -> f64 {
    let chance = |expected: f64| {
        let mut term = (-expected).exp();
        let mut sum = term;
        for k in 1..=errors {
            term *= expected / f64::from(k);
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, f64::from(errors) * 2.0 + 50.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if chance(middle) >= 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact() {
        assert!(Ratio::new(99, 100).at_least(CORE_MIN));
        assert!(!Ratio::new(98_999, 100_000).at_least(CORE_MIN));
        assert_eq!(Ratio::new(98_999, 100_000).percent(), Some(98.99));
        assert_eq!(Ratio::new(1, 3).percent(), Some(33.33));
        assert_eq!(Ratio::default().percent(), None);
        assert!(Ratio::default().at_least(CORE_MIN) && Ratio::default().at_most(ERROR_MAX));
        assert!(Ratio::new(u64::MAX, u64::MAX).at_least(CORE_MIN));
        assert_eq!(Ratio::new(1, 2) + Ratio::new(3, 4), Ratio::new(4, 6));
        assert!(accuracy(1000, 5).at_most(ERROR_MAX));
        assert!(!accuracy(1000, 6).at_most(ERROR_MAX));
    }

    #[test]
    fn sample_sizes() {
        assert_eq!(sample_size_for(ERROR_MAX, 0.95, 0), Some(600));
        // Upper bounds of Poisson's distribution at 95 %: 4.744 with one error, 6.296 with two.
        assert_eq!(sample_size_for(ERROR_MAX, 0.95, 1), Some(949));
        assert_eq!(sample_size_for(ERROR_MAX, 0.95, 2), Some(1260));
        assert_eq!(sample_size_for(Threshold::permille(0), 0.95, 0), None);
        assert_eq!(sample_size_for(ERROR_MAX, 1.0, 0), None);
    }
}
