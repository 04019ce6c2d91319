//! Sample rates in file names, as recorders write them:
//!
//! | program | name |
//! | --- | --- |
//! | `gqrx` | `gqrx_20240131_120000_145500000_1920000_fc.raw` |
//! | `SatDump` | `2026-11-27_12-00-00_2400000SPS_137500000Hz.cs16` |
//! | `osmocom_fft` | `name-f1.626000e+09-s1.600000e+06-t20261127120000.cfile` |
//! | `rtl_433` | `g001_433.92M_250k.cu8` |
//! | `rtl-wmbus` | `rtlsdr_868.950M_1M6_samples2.cu8` |
//! | `URH` | `HackRF-20261127_120000-433_92MHz-2_4MSps-2_4MHz.complex16s` |
//! | people | `cap_2.4MSPS.cs8`, `cap-2400ksps.cs8`, `x_fs2.4M.iq`, `x_samp_rate_2400000.iq` |
//!
//! A number of Hz, kHz or MHz is a frequency (`HDSDR_20131120_162410Z_7100kHz_RF.wav`, SDR#,
//! `SDRuno`), unless the name calls it a rate (`fs2.4MHz`). What can be either is not guessed.

use self::quantity::{letter_as_point, plausible, quantity, split};
use crate::input::file_name;

mod decimal_sign;
mod quantity;

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

/// Words before a number that make it a sample rate.
const MARKS: [&str; 6] = ["samplerate", "samprate", "srate", "rate", "sr", "fs"];

/// Words before `rate` that make it another one.
const OTHER_RATES: [&str; 7] = ["symbol", "baud", "bit", "data", "chip", "frame", "code"];

/// How sure it is that a number is the sample rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// The unit or a mark says so.
    Stated,
    /// A convention says so.
    Usual,
    /// It can be a frequency.
    Doubtful,
}

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
    let parts: Vec<&str> = stem.split([' ', '_', '-', ',', '(', ')', '[', ']', '@']).collect();
    let readings: Vec<Reading> = (0..parts.len()).filter_map(|at| reading(&parts, at)).collect();
    for certainty in [Certainty::Stated, Certainty::Usual] {
        let mut these = readings.iter().filter(|reading| reading.certainty == certainty);
        if let Some(first) = these.next() {
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
    readings.first().map_or(NamedRate::Unknown, |first| {
        NamedRate::Doubtful(format!("{}, which can be the sample rate or a frequency", shown(first)))
    })
}

fn shown(reading: &Reading) -> String {
    let text: String = reading.text.chars().take(MAX_SHOWN_CHARS).collect();
    format!("{} ({} Hz)", text.escape_debug(), reading.rate_hz)
}

/// What a name of `gqrx` says. `None` if it is another name.
fn gqrx(stem: &str) -> Option<NamedRate> {
    let parts: Vec<&str> = stem.split('_').collect();
    let ["gqrx", date, time, _, rate, "fc", ..] = parts[..] else {
        return None;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let rate_hz = || rate.parse().ok().and_then(plausible);
    (is_number(date) && is_number(time)).then(|| rate_hz().map_or(NamedRate::Unknown, NamedRate::Hz))
}

/// What the part at this place says.
fn reading<'a>(parts: &[&'a str], at: usize) -> Option<Reading<'a>> {
    let text = parts[at];
    let lower = text.to_ascii_lowercase();
    let before = at.checked_sub(1).map(|at| parts[at].to_ascii_lowercase());
    let (rate_hz, certainty) = if let Some(number) = with_unit(&lower) {
        (quantity(number)?, Certainty::Stated)
    } else if let Some(number) = marked(&lower, before.as_deref(), at.checked_sub(2).map(|at| parts[at])) {
        (quantity(number)?, Certainty::Stated)
    } else if let Some(number) = osmocom(&lower, parts).or_else(|| before_unit(&lower, before.as_deref())) {
        (number, Certainty::Stated)
    } else {
        unmarked(&lower)?
    };
    Some(Reading {
        text,
        at,
        rate_hz: plausible(rate_hz)?,
        certainty,
    })
}

/// The number before `sps`, with its multiple: `2.4m` of `capture2.4msps`.
fn with_unit(part: &str) -> Option<&str> {
    let number = part.strip_suffix("sps")?;
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'k' | 'm');
    let start = number.trim_end_matches(is_of_number).len();
    let number = number[start..].trim_start_matches(|c: char| !c.is_ascii_digit());
    (!number.is_empty()).then_some(number)
}

/// The number in the part before `sps`, `ksps` or `msps`.
fn before_unit(part: &str, before: Option<&str>) -> Option<f64> {
    let multiple = match part {
        "sps" => 1.0,
        "ksps" => 1e3,
        "msps" => 1e6,
        _ => return None,
    };
    let (number, rest) = split(before?)?;
    rest.is_empty().then_some(number * multiple)
}

/// The number after a mark, in the same part or in the one before.
fn marked<'a>(part: &'a str, before: Option<&str>, second_before: Option<&str>) -> Option<&'a str> {
    let is_other = |word: Option<&str>| word.is_some_and(|word| OTHER_RATES.contains(&&*word.to_ascii_lowercase()));
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if is_number(part) {
        let mark = before?.trim_end_matches(['=', ':']);
        let is_mark = MARKS.contains(&mark) && !(mark == "rate" && is_other(second_before));
        return is_mark.then_some(part);
    }
    let after = |mark: &&str| part.strip_prefix(*mark).map(|rest| rest.trim_start_matches(['=', ':']));
    let (mark, number) = MARKS.iter().find_map(|mark| Some((mark, after(mark)?)))?;
    (is_number(number) && !(*mark == "rate" && is_other(before))).then_some(number)
}

/// The number after `s` in exponential form, if another part has the frequency after `f`.
fn osmocom(part: &str, parts: &[&str]) -> Option<f64> {
    let exponential = |text: &str, letter: char| {
        let number = text.strip_prefix(letter)?;
        let is_exponential = number.starts_with(|c: char| c.is_ascii_digit()) && number.contains("e+");
        number.parse::<f64>().ok().filter(|_| is_exponential)
    };
    let rate_hz = exponential(part, 's')?;
    parts
        .iter()
        .any(|part| exponential(part, 'f').is_some())
        .then_some(rate_hz)
}

/// Reads `250k`, `1m6` and `2.4m`.
fn unmarked(part: &str) -> Option<(f64, Certainty)> {
    let (number, multiple) = split(part)?;
    match multiple {
        "k" => Some((number * 1e3, Certainty::Usual)),
        "m" => Some((number * 1e6, Certainty::Doubtful)),
        _ => {
            let rate_hz = letter_as_point(part).filter(|_| multiple.starts_with('m'))?;
            let certainty = if rate_hz <= MAX_LETTER_AS_POINT_HZ {
                Certainty::Usual
            } else {
                Certainty::Doubtful
            };
            Some((rate_hz, certainty))
        }
    }
}

#[cfg(test)]
mod tests;
