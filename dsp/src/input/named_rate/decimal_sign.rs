//! Rates in file names with another decimal sign than the point.

use std::borrow::Cow;

use super::quantity::{plausible, quantity};

/// Least rate that is taken for a number with a fraction: `rx_1_48k` is the rate 48 kHz of a receiver 1.
const LEAST_FRACTION_HZ: f64 = 8e3;

/// A name of `URH` with points in its numbers: it writes `433_92MHz` and `2_4MSps` between `-` or spaces.
pub(super) fn with_points(stem: &str) -> Cow<'_, str> {
    for between in ['-', ' '] {
        let is_number = |part: &str, unit: &str| {
            let number = part
                .strip_suffix(unit)
                .map(|part| part.trim_end_matches(['K', 'k', 'M', 'G']));
            number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_'))
        };
        let has = |unit| stem.split(between).any(|part| is_number(part, unit));
        if !(has("Hz") && has("Sps")) {
            continue;
        }
        let with_point = |part: &str| {
            if is_number(part, "Hz") || is_number(part, "Sps") {
                part.replacen('_', ".", 1)
            } else {
                part.to_owned()
            }
        };
        let parts: Vec<String> = stem.split(between).map(with_point).collect();
        return Cow::Owned(parts.join(&between.to_string()));
    }
    Cow::Borrowed(stem)
}

/// The two readings of a rate such as `2_4MSPS` or `2,4MSPS`: a number before a multiple may be the fraction of the one
/// before it. Groups of two digits before it are a time.
pub(super) fn doubtful(stem: &str, parts: &[&str]) -> Option<String> {
    let is_number =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut start = parts.first()?.len();
    for at in 1..parts.len() {
        let (whole, part) = (parts[at - 1], parts[at]);
        let separator = stem.as_bytes()[start];
        start += 1 + part.len();
        let mut lower = part.to_ascii_lowercase();
        if let Some(unit) = parts
            .get(at + 1)
            .filter(|unit| unit.to_ascii_lowercase().ends_with("sps"))
        {
            lower.push_str(&unit.to_ascii_lowercase());
        }
        let digits = lower.len() - lower.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_multiple = |text: &str| matches!(text, "k" | "ksps" | "msps");
        let is_time = at > 1 && whole.len() == 2 && is_number(parts[at - 2], 2);
        if !matches!(separator, b'_' | b',')
            || !is_number(whole, 3)
            || is_time
            || !is_number(&lower[..digits], 3)
            || !is_multiple(&lower[digits..])
        {
            continue;
        }
        let [fraction, number] = [format!("{whole}.{lower}"), lower].map(|text| plausible(quantity(&text)?));
        if let (Some(fraction_hz @ LEAST_FRACTION_HZ..), Some(number_hz)) = (fraction, number) {
            let separator = char::from(separator);
            return Some(format!(
                "{whole}{separator}{part}, which can be {fraction_hz} Hz or {number_hz} Hz"
            ));
        }
    }
    None
}
