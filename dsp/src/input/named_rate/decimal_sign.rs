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

/// The two readings of a rate such as `2_4MSPS`, `2,4MSPS` or `2_4_MSPS`, whose last part is `parts[at]`: a number before a
/// multiple may be the fraction of the one before it. Groups of two digits before it are a time.
pub(super) fn doubtful(stem: &str, parts: &[&str], at: usize) -> Option<String> {
    let is_number =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let last = parts[at].to_ascii_lowercase();
    let has_number = last.starts_with(|c: char| c.is_ascii_digit());
    let at = if has_number { at } else { at.checked_sub(1)? };
    let (whole, part) = (parts[at.checked_sub(1)?], parts[at]);
    let text = if has_number { last } else { format!("{part}{last}") };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_time = at > 1 && whole.len() == 2 && is_number(parts[at - 2], 2);
    let separator = stem[..part.as_ptr() as usize - stem.as_ptr() as usize]
        .chars()
        .next_back()?;
    if !matches!(separator, '_' | ',')
        || !is_number(whole, 3)
        || is_time
        || !is_number(&text[..digits], 3)
        || !matches!(&text[digits..], "k" | "ksps" | "msps")
    {
        return None;
    }
    let [fraction_hz, number_hz] = [format!("{whole}.{text}"), text].map(|text| plausible(quantity(&text)?));
    let (fraction_hz, number_hz) = (fraction_hz.filter(|hz| *hz >= LEAST_FRACTION_HZ)?, number_hz?);
    Some(format!(
        "{whole}{separator}{part}, which can be {fraction_hz} Hz or {number_hz} Hz"
    ))
}
