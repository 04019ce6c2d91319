//! Numbers of samples per second, as file names have them.

use crate::input::sample_rate::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// A number with a multiple and perhaps `hz`: `2.4m`, `2m4`, `2400khz`, `2.4e6`, `2400000`.
pub(super) fn quantity(text: &str) -> Option<f64> {
    let text = text.strip_suffix("hz").or(text.strip_suffix("sps")).unwrap_or(text);
    let (number, rest) = split(text)?;
    match multiple(rest) {
        Some(multiple) => Some(number * multiple),
        None => letter_as_point(text).or_else(|| text.parse().ok()),
    }
}

/// The factor that a letter after a number stands for.
pub(super) fn multiple(letter: &str) -> Option<f64> {
    match letter {
        "" => Some(1.0),
        "k" => Some(1e3),
        "m" => Some(1e6),
        _ => None,
    }
}

/// The factor of a unit that is a part of its own: `khz`, `msps`.
pub(super) fn multiple_of_unit(part: &str) -> Option<f64> {
    let part = part.to_ascii_lowercase();
    let bare = part.strip_suffix("hz").or(part.strip_suffix("sps"));
    multiple(bare.unwrap_or(&part)).filter(|_| !part.is_empty())
}

/// `2p4m` with a point, as people write it where a point would begin an extension.
pub(super) fn with_point(part: &str) -> String {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = part.as_bytes();
    let is_point = |at: usize| at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1));
    let each = part.char_indices();
    each.map(|(at, c)| if c == 'p' && is_point(at) { '.' } else { c })
        .collect()
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

/// Whether a number begins the text.
pub(super) fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}
