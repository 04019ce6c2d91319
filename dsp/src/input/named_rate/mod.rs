//! Sample rates in file names, as recorders write them:
//!
//! | program | name |
//! | --- | --- |
//! | `gqrx` | `gqrx_20240131_120000_145500000_1920000_fc.raw` |
//! | `SatDump` | `2026-11-27_12-00-00_2400000SPS_137500000Hz.cs16` |
//! | `osmocom_fft` | `name-f1.626000e+09-s1.600000e+06-t20261127120000.cfile` |
//! | `LTE-Cell-Scanner` | `f1860_s1.92_g0_1s_rtlsdr.bin` |
//! | `rtl_433` | `g001_433.92M_250k.cu8` |
//! | `rtl-wmbus` | `rtlsdr_868.950M_1M6_samples2.cu8` |
//! | `URH` | `HackRF-20261127_120000-433_92MHz-2_4MSps-2_4MHz.complex16s` |
//! | people | `cap_2.4MSPS.cs8`, `cap-2400ksps.cs8`, `x_500kSa_s.iq`, `x_fs2.4M.iq`, `x_samp_rate_2400000.iq` |
//!
//! A number of Hz, kHz or MHz is a frequency (`HDSDR_20131120_162410Z_7100kHz_RF.wav`, SDR#,
//! `SDRuno`), unless the name calls it a rate (`fs2.4MHz`). What can be either is not guessed.

use self::certainty::Certainty;
use self::quantity::{letter_as_point, plausible, quantity, split};
use self::words::Quantity;
use crate::input::file_name;

mod certainty;
mod decimal_sign;
mod frequency_and_rate;
mod quantity;
mod units;
mod words;

/// What a file name says about the sample rate.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NamedRate {
    /// Nothing.
    Unknown,
    /// Samples per second.
    Hz(f64),
    /// The readings that are possible, in words.
    Doubtful(String),
}

/// Highest rate in the form `2M4` that is no frequency: an RTL-SDR, whose users write it, has 3.2
/// MS/s at most.
const MAX_LETTER_AS_POINT_HZ: f64 = 3.2e6;

/// Longest part of a name that a sentence repeats.
const MAX_SHOWN_CHARS: usize = 24;

/// Lowest rate that is in use. A smaller number after a mark can be one of kHz.
const LEAST_USUAL_HZ: f64 = 8e3;

/// A part of the name that can be the sample rate.
#[derive(Debug, Clone, Copy)]
struct Reading<'a> {
    text: &'a str,
    /// The place of `text` among the parts.
    at: usize,
    rate_hz: f64,
    certainty: Certainty,
}

/// Reads the sample rate in a file name. Numbers outside the limits of sample rates do not count.
pub(super) fn find(file_name: &str) -> NamedRate {
    let stem = file_name::stem(file_name);
    if let Some(rate) = gqrx(stem) {
        return rate;
    }
    let stem = &*decimal_sign::with_points(stem);
    let parts = file_name::parts(stem);
    let readings: Vec<Reading> = (0..parts.len()).filter_map(|at| reading(&parts, at)).collect();
    for certainty in [Certainty::Stated, Certainty::NoUnit, Certainty::Usual] {
        let mut these = readings.iter().filter(|reading| reading.certainty == certainty);
        if let Some(first) = these.next() {
            if certainty == Certainty::NoUnit {
                let (number, khz) = (first.rate_hz, 1e3 * first.rate_hz);
                return NamedRate::Doubtful(format!("{}, which can be {number} Hz or {khz} Hz", first.text));
            }
            let is_same = |other: &Reading| other.rate_hz.total_cmp(&first.rate_hz).is_eq();
            return match these.find(|other| !is_same(other)) {
                None => decimal_sign::doubtful(stem, &parts, first.at)
                    .map_or(NamedRate::Hz(first.rate_hz), NamedRate::Doubtful),
                Some(other) => NamedRate::Doubtful(format!(
                    "{} and {}, each of which can be the sample rate",
                    shown(first),
                    shown(other)
                )),
            };
        }
    }
    let doubtful = readings.iter().find_map(|reading| match reading.certainty {
        Certainty::Doubtful(other) => Some((reading, other)),
        _ => None,
    });
    doubtful.map_or(NamedRate::Unknown, |(reading, other)| {
        NamedRate::Doubtful(format!("{}, which can be the sample rate or {other}", shown(reading)))
    })
}

fn shown(reading: &Reading) -> String {
    let text: String = reading.text.chars().take(MAX_SHOWN_CHARS).collect();
    format!("{} ({} Hz)", text.escape_debug(), reading.rate_hz)
}

/// What a name of `gqrx` says. `None` if it is another name. A copy has a number after `fc`.
fn gqrx(stem: &str) -> Option<NamedRate> {
    let parts: Vec<&str> = stem.split('_').collect();
    let ["gqrx", date, time, _, rate, end, ..] = parts[..] else {
        return None;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_end = end
        .strip_prefix("fc")
        .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let rate_hz = || rate.parse().ok().and_then(plausible);
    (is_end && is_number(date) && is_number(time)).then(|| rate_hz().map_or(NamedRate::Unknown, NamedRate::Hz))
}

/// What the part at this place says.
fn reading<'a>(parts: &[&'a str], at: usize) -> Option<Reading<'a>> {
    let text = parts[at];
    let lower = quantity::with_point(&text.to_ascii_lowercase());
    let (rate_hz, certainty) = units::with_unit(parts, at, &lower)
        .or_else(|| marked(parts, at, &lower))
        .or_else(|| frequency_and_rate::rate_hz(parts, at).map(|rate_hz| (rate_hz, Certainty::Stated)))
        .or_else(|| unmarked(parts, at, &lower))?;
    Some(Reading {
        text,
        at,
        rate_hz: plausible(rate_hz)?,
        certainty,
    })
}

/// The number after a mark, in the same part or in the one before.
fn marked(parts: &[&str], at: usize, part: &str) -> Option<(f64, Certainty)> {
    let number = words::after_mark(parts, at, part)?;
    let value = quantity(number)?;
    let is_bare = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let unit_hz = parts.get(at + 1).and_then(|next| quantity::multiple_of_unit(next));
    Some(match unit_hz.filter(|_| is_bare) {
        Some(unit_hz) => (value * unit_hz, Certainty::Stated),
        None if is_bare && value < LEAST_USUAL_HZ => (value, Certainty::NoUnit),
        None => (value, Certainty::Stated),
    })
}

/// Reads `250k`, `1m6` and `2.4m`.
fn unmarked(parts: &[&str], at: usize, part: &str) -> Option<(f64, Certainty)> {
    let (number, multiple) = split(part)?;
    match multiple {
        "k" if words::quantity_of(parts, at) == Quantity::Other => None,
        "k" if words::quantity_of(parts, at) == Quantity::Doubtful => {
            Some((number * 1e3, Certainty::Doubtful("another quantity")))
        }
        "k" if words::count_samples(parts, at) => Some((number * 1e3, Certainty::Doubtful("a number of samples"))),
        "k" => Some((number * 1e3, Certainty::Usual)),
        "m" => Some((number * 1e6, Certainty::Doubtful("a frequency"))),
        _ => {
            let rate_hz = letter_as_point(part).filter(|_| multiple.starts_with('m'))?;
            let certainty = if rate_hz <= MAX_LETTER_AS_POINT_HZ {
                Certainty::Usual
            } else {
                Certainty::Doubtful("a frequency")
            };
            Some((rate_hz, certainty))
        }
    }
}

#[cfg(test)]
mod tests;
