//! The number of reference cells, and the limits that all of the detector's tests share.

/// Probability of a false alarm in one chunk of noise, in the test of all chunks of a segment
/// together, and in the comparison of its chunks. A segment of five chunks has 7e-4, and at most
/// 1e-3 is allowed.
pub(super) const FALSE_ALARMS: f64 = 1e-4;

/// Lower limit of the noise, as a part of the mean density. The rounding errors of the transform
/// are 16 dB below it.
pub(super) const LOWEST_DENSITY: f64 = 1e-12;

/// Reference cells of a line on either side, in blocks of `n / count` bins: some hundred bins.
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
