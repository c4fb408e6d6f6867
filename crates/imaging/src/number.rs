//! The few conversions the standard library has no `From` for, each with its bounds stated once.

/// Rounds down and limits to `0..=255`; not-a-number gives 0.
#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates, which is the wanted rule"
)]
pub(crate) fn floor_u8(value: f64) -> u8 {
    value.floor() as u8
}

/// Rounds to nearest and limits to the range of `i16`; not-a-number gives 0.
#[cfg(feature = "dicom")]
#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates, which is the wanted rule"
)]
pub(crate) fn round_i16(value: f64) -> i16 {
    value.round() as i16
}

/// Rounds to nearest and limits to the range of `u32`; not-a-number gives 0.
#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates, which is the wanted rule"
)]
pub(crate) fn round_u32(value: f64) -> u32 {
    value.round() as u32
}

/// Exact below 2^53.
#[expect(
    clippy::as_conversions,
    reason = "there is no From<i128> for f64; exact below 2^53"
)]
pub(crate) fn f64_of(value: i128) -> f64 {
    value as f64
}

/// A 32-bit size as an index; every target of this crate has at least 32-bit addresses.
pub(crate) fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
