//! Powers in decibels, finite for silence.

/// Keeps logarithms and quotients finite. The training data was made with the same value.
pub(crate) const EPSILON: f64 = 1e-12;

/// Lower limit of a power, so that silence has a finite level: -300 dBFS.
pub(crate) const SILENCE: f64 = 1e-30;

/// Decibels of a power ratio of at least [`EPSILON`]: a smaller ratio counts as that.
pub(crate) fn ratio_db(ratio: f64) -> f64 {
    10.0 * ratio.max(EPSILON).log10()
}

/// Decibels of a power over full scale plus the epsilon, plus 30: the "dBm" of the training data.
pub(crate) fn level_db(power: f64) -> f64 {
    10.0 * (power + EPSILON).log10() + 30.0
}

/// Power in dBFS, -300 for silence.
pub(crate) fn dbfs(power: f64) -> f64 {
    10.0 * power.max(SILENCE).log10()
}

/// Power in dBFS in single precision, whose rounding error is 0.00002 dB at 200 dB.
#[expect(clippy::cast_possible_truncation, reason = "the rounding error is acceptable")]
pub(crate) fn decibels(power: f64) -> f32 {
    dbfs(power) as f32
}

/// Power of a level in decibels.
pub(crate) fn power(db: f32) -> f64 {
    10.0_f64.powf(f64::from(db) / 10.0)
}
