//! Names with a frequency after `f` and a sample rate after `s`: those of `osmocom_fft`
//! (`f1.626000e+09-s1.600000e+06`), of `LTE-Cell-Scanner` (`f1860_s1.92`, in MHz and MS/s), and of
//! people who write the options of a program (`rtl_sdr_f100000000_s2048000`).

use super::quantity::{quantity, split, starts_with_digit};

/// Frequencies and rates in Hz are at least this. Smaller numbers without a unit are counters.
const LEAST_HZ: f64 = 1e3;

/// Frequencies in MHz, of LTE.
const MHZ: std::ops::Range<f64> = 100.0..10e3;

/// The rate in the part at this place.
pub(super) fn rate_hz(parts: &[&str], at: usize) -> Option<f64> {
    let text = number_after(parts, at, 's')?;
    let mut frequencies = (0..parts.len()).filter_map(|at| number_after(parts, at, 'f'));
    let rate = quantity(&text)?;
    // `s1.92` has no multiple, and no other rate has a fraction.
    let is_mega = split(&text).is_some_and(|(_, rest)| rest.is_empty()) && text.contains('.') && rate < LEAST_HZ;
    let fits = |frequency: String| {
        let has_no_multiple = split(&frequency).is_some_and(|(_, rest)| rest.is_empty());
        let hz = quantity(&frequency)?;
        let fits = if is_mega {
            has_no_multiple && MHZ.contains(&hz)
        } else {
            hz >= LEAST_HZ && rate >= LEAST_HZ
        };
        fits.then_some(if is_mega { rate * 1e6 } else { rate })
    };
    // Rounded, since 1.92 million is no exact product.
    frequencies.find_map(fits).map(f64::round)
}

/// The number after this letter, in the same part or in the one before, in lower case.
fn number_after(parts: &[&str], at: usize, letter: char) -> Option<String> {
    let part = parts[at].to_ascii_lowercase();
    if let Some(number) = part.strip_prefix(letter).map(|number| number.trim_start_matches('=')) {
        return starts_with_digit(number).then(|| number.to_owned());
    }
    let before = parts[at.checked_sub(1)?].to_ascii_lowercase();
    (before.chars().eq([letter]) && starts_with_digit(&part)).then_some(part)
}
