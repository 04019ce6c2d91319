//! Powers in decibels, finite for silence.

/// Keeps logarithms and quotients finite; the training data was made with the same.
pub(crate) const EPSILON: f64 = 1e-12;

/// Powers below this count as this, so that silence has a finite level: -300 dBFS.
pub(crate) const SILENCE: f64 = 1e-30;

/// Power ratio to decibels, not below those of [`EPSILON`], so that silence stays finite.
pub(crate) fn ratio_db(ratio: f64) -> f64 {
    10.0 * ratio.max(EPSILON).log10()
}

/// Power over full scale, plus the epsilon, plus 30: the "dBm" of the training data.
pub(crate) fn level_db(power: f64) -> f64 {
    10.0 * (power + EPSILON).log10() + 30.0
}

/// Power to dBFS, finite for silence.
pub(crate) fn dbfs(power: f64) -> f64 {
    10.0 * power.max(SILENCE).log10()
}

/// Power to decibels over full scale; single precision is good for 0.00002 dB at 200 dB.
#[expect(
    clippy::cast_possible_truncation,
    reason = "decibels of finite powers are within 4,000 of 0"
)]
pub(crate) fn decibels(power: f64) -> f32 {
    dbfs(power) as f32
}

/// Decibels to power.
pub(crate) fn power(db: f32) -> f64 {
    10.0_f64.powf(f64::from(db) / 10.0)
}
