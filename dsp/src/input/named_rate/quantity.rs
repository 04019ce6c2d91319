//! Numbers of samples per second, as file names have them.

use crate::input::sample_rate::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// A number with a multiple and perhaps `hz`: `2.4m`, `2m4`, `2400khz`, `2.4e6`, `2400000`.
pub(super) fn quantity(text: &str) -> Option<f64> {
    let text = text.strip_suffix("hz").or(text.strip_suffix("sps")).unwrap_or(text);
    let (number, multiple) = split(text)?;
    match multiple {
        "" => Some(number),
        "k" => Some(number * 1e3),
        "m" => Some(number * 1e6),
        _ => letter_as_point(text).or_else(|| text.parse().ok()),
    }
}

/// The number at the start, and what follows it.
pub(super) fn split(text: &str) -> Option<(f64, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

/// Reads `2m4` as 2.4 million: the letter stands for the decimal point.
pub(super) fn letter_as_point(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once(['k', 'm'])?;
    let factor = if text.contains('k') { 1e3 } else { 1e6 };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: f64 = format!("{whole}.{fraction}").parse().ok()?;
    // Rounded, since 2.048 million is no exact product.
    (is_number(whole) && is_number(fraction)).then(|| (number * factor).round())
}

/// The rate, if it is within the limits of sample rates.
pub(super) fn plausible(rate_hz: f64) -> Option<f64> {
    (MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ)
        .contains(&rate_hz)
        .then_some(rate_hz)
}
