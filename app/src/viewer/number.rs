//! The few number conversions the standard library has no `From` for, each with its bounds.

/// Rounds to nearest and limits to the range of `i32`; not-a-number gives 0.
#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates, which is the wanted rule"
)]
#[must_use]
pub fn round_i32(value: f64) -> i32 {
    value.round() as i32
}

/// Rounds to nearest and limits to the range of `u32`; not-a-number gives 0.
#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates, which is the wanted rule"
)]
#[must_use]
pub fn round_u32(value: f64) -> u32 {
    value.round() as u32
}

/// Rounds to nearest and limits to the range of `i64`; not-a-number gives 0.
#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates, which is the wanted rule"
)]
#[must_use]
pub fn round_i64(value: f64) -> i64 {
    value.round() as i64
}

/// A count as a float; exact below 2^32.
#[must_use]
pub fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A 32-bit size as an index.
#[must_use]
pub fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// `at` moved by `by`, kept inside `0..len`; 0 when there is nothing.
#[must_use]
pub fn step(at: usize, by: i32, len: usize) -> usize {
    let distance = index(by.unsigned_abs());
    let moved = if by < 0 {
        at.saturating_sub(distance)
    } else {
        at.saturating_add(distance)
    };
    moved.min(len.saturating_sub(1))
}

/// Rounds to `1 / parts`: shorter numbers on the wire.
#[must_use]
pub fn round_to(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_inside() {
        assert_eq!(step(5, -9, 10), 0);
        assert_eq!(step(5, 9, 10), 9);
        assert_eq!(step(5, 2, 10), 7);
        assert_eq!(step(0, 1, 0), 0);
        assert_eq!(step(3, i32::MIN, 9), 0);
    }
}
