//! The blocks that a line is compared with, and the limits that all of the detector keeps.

/// False alarms per chunk of noise, and again per segment for all its chunks together, and for each beside the others: 7e-4 for a
/// segment of five, of which one in 1000 may be wrong.
pub(super) const FALSE_ALARMS: f64 = 1e-4;

/// Below this part of the mean density nothing is called a signal: the rounding of the transform lies there, 16 dB lower.
pub(super) const LOWEST_DENSITY: f64 = 1e-12;

/// Blocks on either side that a line is compared with, of `count` that have `n` bins: some hundred bins.
pub(super) fn line_reference(n: usize, count: usize) -> usize {
    (n / 32).clamp(64, 512).div_ceil((n / count).max(1)).clamp(1, count)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
pub(super) fn rounded(value: f64) -> usize {
    value.round() as usize
}
