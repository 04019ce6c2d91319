//! Readings against the truth.

use std::fmt::Write;

use crate::modulations::Truth;
use crate::reading::{CONTRADICTIONS, Reading};

/// An error of the SNR up to which it is right, in dB.
const SNR_RIGHT_DB: f64 = 1.0;
const SNR_WRONG_DB: f64 = 3.0;
/// SNR of a chunk below which it need not be found, as in a pause of speech, and below which its
/// SNR is not compared.
const WEAK_DB: f64 = -3.0;
const FAINT_DB: f64 = 0.0;
/// A relative error of the occupied bandwidth up to which it is right. Two bins of a chunk are
/// right in any case.
const WIDTH_RIGHT: f64 = 0.05;
const TWO_BINS_HZ: f64 = 10.0;
/// The occupied bandwidth is compared from this SNR upwards.
const WIDTH_FROM_DB: f64 = 10.0;

/// What is right and wrong in an occupied bandwidth.
#[derive(Clone, Copy)]
pub(crate) enum WidthVerdict {
    /// The signal is too weak to compare.
    NotCompared,
    /// The row says that it is unknown.
    Null,
    /// Relative error.
    Error(f64),
}

/// What is right and wrong in one reading.
pub(crate) struct Verdict {
    pub found: bool,
    pub undecidable: bool,
    /// In dB, `None` if the row says that it is unknown.
    pub snr_error_db: Option<f64>,
    pub width: WidthVerdict,
    pub contradictions: [bool; CONTRADICTIONS.len()],
}

impl Verdict {
    /// A signal that is always on is found if all chunks have it in which it is not too weak,
    /// another one if any has.
    pub(crate) fn of(reading: &Reading, truth: &Truth, bursty: bool, rate: f64) -> Self {
        let strong = truth.chunk_snrs_db().filter(|snr_db| *snr_db >= WEAK_DB).count();
        let needed = if bursty {
            0.0
        } else {
            strong as f64 / truth.chunks.len() as f64
        };
        let found = reading.present > 0.0 && reading.present > needed - 1e-3;
        Self {
            found,
            undecidable: reading.undecidable,
            snr_error_db: snr_error_db(reading, truth, bursty),
            width: match reading.width_hz {
                _ if truth.snr_db < WIDTH_FROM_DB => WidthVerdict::NotCompared,
                Some(width) if found || !reading.undecidable => WidthVerdict::Error(width_error(width, truth)),
                _ => WidthVerdict::Null,
            },
            contradictions: reading.contradictions(rate),
        }
    }

    pub(crate) fn is_bad(&self) -> bool {
        let snr = self.snr_error_db.is_some_and(|error| error.abs() > SNR_RIGHT_DB);
        let width = matches!(self.width, WidthVerdict::Error(error) if error.abs() > WIDTH_RIGHT);
        snr || width || !(self.found || self.undecidable)
    }
}

/// The mean over the chunks, or the largest where the signal is not in all of them or too weak in
/// one to be measured. The SNR of some chunks may be unknown, so the largest that is known is compared
/// with the chunk that is nearest to it.
fn snr_error_db(reading: &Reading, truth: &Truth, bursty: bool) -> Option<f64> {
    let chunks = || truth.chunk_snrs_db();
    if bursty || chunks().any(|snr_db| snr_db < FAINT_DB) {
        let nearer = |one: f64, other: f64| if other.abs() < one.abs() { other } else { one };
        return reading
            .snr_max_db
            .map(|snr| chunks().map(|snr_db| snr - snr_db).fold(f64::INFINITY, nearer));
    }
    let mean = chunks().sum::<f64>() / truth.chunks.len() as f64;
    reading.snr_mean_db.map(|snr| snr - mean)
}

/// Distance from what is true by either definition, beyond two bins.
fn width_error(width_hz: f64, truth: &Truth) -> f64 {
    let [averaged, defined] = truth.mean_widths_hz();
    let (low, high) = (averaged.min(defined), averaged.max(defined));
    let excess = (width_hz - high - TWO_BINS_HZ).max(0.0) - (low - width_hz - TWO_BINS_HZ).max(0.0);
    excess / if excess > 0.0 { high } else { low }
}

/// Counts of many readings.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    pub tries: usize,
    found: usize,
    undecidable: usize,
    neither: usize,
    snr_null: usize,
    snr_right: usize,
    snr_wrong: usize,
    snr_worst: f64,
    widths: usize,
    width_null: usize,
    width_right: usize,
    width_worst: f64,
    contradictions: [usize; CONTRADICTIONS.len()],
    contradicting: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        self.tries += 1;
        self.found += usize::from(verdict.found);
        self.undecidable += usize::from(verdict.undecidable);
        self.neither += usize::from(!verdict.found && !verdict.undecidable);
        match verdict.snr_error_db {
            None => self.snr_null += 1,
            Some(error) => {
                self.snr_right += usize::from(error.abs() <= SNR_RIGHT_DB);
                self.snr_wrong += usize::from(error.abs() > SNR_WRONG_DB);
                self.snr_worst = farther(self.snr_worst, error);
            }
        }
        match verdict.width {
            WidthVerdict::NotCompared => {}
            WidthVerdict::Null => {
                self.widths += 1;
                self.width_null += 1;
            }
            WidthVerdict::Error(error) => {
                self.widths += 1;
                self.width_right += usize::from(error.abs() <= WIDTH_RIGHT);
                self.width_worst = farther(self.width_worst, error);
            }
        }
        for (count, is_there) in self.contradictions.iter_mut().zip(verdict.contradictions) {
            *count += usize::from(is_there);
        }
        self.contradicting += usize::from(verdict.contradictions.contains(&true));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.tries += other.tries;
        self.found += other.found;
        self.undecidable += other.undecidable;
        self.neither += other.neither;
        self.snr_null += other.snr_null;
        self.snr_right += other.snr_right;
        self.snr_wrong += other.snr_wrong;
        self.snr_worst = farther(self.snr_worst, other.snr_worst);
        self.widths += other.widths;
        self.width_null += other.width_null;
        self.width_right += other.width_right;
        self.width_worst = farther(self.width_worst, other.width_worst);
        self.contradicting += other.contradicting;
        for (count, other) in self.contradictions.iter_mut().zip(other.contradictions) {
            *count += other;
        }
    }

    pub(crate) fn header() -> String {
        let columns = [
            format!("{:<26}{:>10}{:>6}{:>7}", "signal", "rate Hz", "share", "tries"),
            format!("{:>9}{:>7}{:>7}", "found %", "undec.", "missed"),
            format!("{:>8}{:>7}{:>7}{:>7}", "SNR nul", "right", "> 3 dB", "worst"),
            format!("{:>8}{:>7}{:>8}", "OBW nul", "right", "worst %"),
        ];
        columns.concat()
    }

    pub(crate) fn row(&self, name: &str, rate: &str, share: f64) -> String {
        let percent = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
        let part = |count: usize| percent(count, self.tries);
        let width = |count: usize| percent(count, self.widths);
        let columns = [
            format!("{name:<26}{rate:>10}{share:>6.2}{:>7}", self.tries),
            format!(
                "{:>9.1}{:>7.1}{:>7.1}",
                part(self.found),
                part(self.undecidable),
                part(self.neither)
            ),
            format!(
                "{:>8.1}{:>7.1}{:>7.1}{:>7.1}",
                part(self.snr_null),
                part(self.snr_null + self.snr_right),
                part(self.snr_wrong),
                self.snr_worst
            ),
            format!(
                "{:>8.1}{:>7.1}{:>8.1}",
                width(self.width_null),
                width(self.width_null + self.width_right),
                100.0 * self.width_worst
            ),
        ];
        columns.concat()
    }

    pub(crate) fn contradictions_header() -> String {
        let mut header = format!("{:<26}{:>10}{:>7}{:>6}", "signal", "rate Hz", "tries", "any");
        for name in CONTRADICTIONS {
            let _ = write!(header, "{name:>19}");
        }
        header
    }

    pub(crate) fn contradictions_row(&self, name: &str, rate: &str) -> String {
        let mut row = format!("{name:<26}{rate:>10}{:>7}{:>6}", self.tries, self.contradicting);
        for count in self.contradictions {
            let _ = write!(row, "{count:>19}");
        }
        row
    }
}

fn farther(one: f64, other: f64) -> f64 {
    if other.abs() > one.abs() { other } else { one }
}

/// The reading beside the truth, in one line.
pub(crate) fn described(reading: &Reading, truth: &Truth, verdict: &Verdict) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "null".to_owned(), |value| format!("{value:.2}"));
    let [averaged, defined] = truth.mean_widths_hz();
    format!(
        "present {:.1}{}, SNR {} (error {}), OBW {} for {averaged:.0} or {defined:.0}, duty {}",
        reading.present,
        if verdict.undecidable { " undecidable" } else { "" },
        number(reading.snr_mean_db),
        number(verdict.snr_error_db),
        number(reading.width_hz),
        number(reading.duty_cycle),
    )
}
