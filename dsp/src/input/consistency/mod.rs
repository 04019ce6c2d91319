//! Finds contradictions between the hints and the recording. They become warnings, not errors.

use crate::format::SampleFormat;
use crate::format::claim::FormatClaim;
use crate::input::hints::{Hint, Hints};
use crate::input::interpretation::Interpretation;
use crate::input::sample_rate::DEFAULT;
use crate::input::sigmf::Sigmf;
use crate::warning::{Inconsistency, Warning};

/// Largest relative difference between rates that are the same rate. Oscillators are within 0.01 %,
/// and headers round 12 kHz to whole Hz.
const SAME_RATE: f64 = 1e-3;

/// Largest relative difference between durations that are the same duration. The closest rates in
/// use, 48 and 50, and 192 and 200 kHz, differ by 4 %. Recorders round durations and drop
/// incomplete blocks, which is less.
const SAME_DURATION: f64 = 0.03;

/// The formats that a wrong number of samples is compared with.
const USUAL: [SampleFormat; 7] = [
    SampleFormat::Cf32Le,
    SampleFormat::Cf64Le,
    SampleFormat::Ci16Le,
    SampleFormat::Ci24Le,
    SampleFormat::Ci32Le,
    SampleFormat::Ci8,
    SampleFormat::Cu8,
];

/// Hints that contradict the format or the rate that is used, or that are invalid.
pub(crate) fn of_reading(hints: &Hints, used: &Interpretation) -> Vec<Inconsistency> {
    let mut inconsistencies = hints.inconsistencies.clone();
    inconsistencies.extend(hints.formats.iter().filter_map(|claim| format(claim, used)));
    inconsistencies.extend(hints.rates_hz.iter().filter_map(|hint| rate(*hint, used)));
    inconsistencies.extend(assumed_rate(hints, used));
    inconsistencies
}

/// A warning, if no source names the rate.
fn assumed_rate(hints: &Hints, used: &Interpretation) -> Option<Inconsistency> {
    if used.sample_rate_source != DEFAULT {
        return None;
    }
    let rate_hz = stated_rate_hz(used);
    let text = match &hints.doubtful_rate {
        None => format!(
            "no source names the sample rate: {rate_hz} Hz was assumed; the column iq_sample_rate or --sample-rate sets it"
        ),
        Some(readings) => format!(
            "the file name has {readings}: {rate_hz} Hz was assumed; the column iq_sample_rate or --sample-rate decides"
        ),
    };
    Some(Inconsistency::new(Warning::SampleRateAssumed, text))
}

/// The rate of the samples as they are stored.
fn stated_rate_hz(used: &Interpretation) -> f64 {
    used.sample_rate_hz * used.stored_per_sample() as f64
}

/// Hints that contradict the number of `samples` in the object, or with the `lost` ones the
/// duration. Both count samples as they are stored.
pub(crate) fn of_extent(hints: &Hints, used: &Interpretation, samples: u64, lost: u64) -> Vec<Inconsistency> {
    let counts = hints.sample_counts.iter();
    let durations = hints.durations_s.iter();
    counts
        .filter_map(|hint| count(*hint, used, samples))
        .chain(durations.filter_map(|hint| duration(*hint, used, samples.saturating_add(lost))))
        .collect()
}

/// A warning, if the `SigMF` metadata name more than one frequency for the first `samples`.
pub(crate) fn of_tuning(metadata: Option<&Sigmf>, samples: u64) -> Option<Inconsistency> {
    let (first_hz, other_hz) = metadata?.retuned(samples)?;
    Some(Inconsistency::new(
        Warning::Retuned,
        format!("SigMF captures at {first_hz} Hz and at {other_hz} Hz: the numbers do not tell one from the other"),
    ))
}

fn format(claim: &Hint<FormatClaim>, used: &Interpretation) -> Option<Inconsistency> {
    let (name, source) = (used.format, used.format_source);
    let text = match &claim.value {
        FormatClaim::Samples(format) if *format == used.format => return None,
        // The same bytes on another scale.
        FormatClaim::Samples(SampleFormat::Ci16Le) if used.format == SampleFormat::Sc16Q11 => return None,
        FormatClaim::Container(container) if *container == used.container => return None,
        FormatClaim::Container("wav") if matches!(used.container, "rf64" | "bw64" | "wave64" | "kiwi wav") => {
            return None;
        }
        // Metadata next to the samples are no container around them.
        FormatClaim::Container("sigmf") => return None,
        FormatClaim::Samples(format) => {
            format!("{} says {format}, {source} says {name}: read as {name}", claim.source)
        }
        FormatClaim::Container(container) => format!(
            "{} says {container}, the object has no {container} header: read as {name} ({source})",
            claim.source
        ),
        FormatClaim::Unsupported(other) | FormatClaim::Unknown(other) => format!(
            "{} says '{other}', which names no format that is read: read as {name} ({source})",
            claim.source
        ),
    };
    Some(Inconsistency::new(Warning::FormatDoubtful, text))
}

fn rate(hint: Hint<f64>, used: &Interpretation) -> Option<Inconsistency> {
    let rate_hz = stated_rate_hz(used);
    let is_same = (hint.value - rate_hz).abs() <= SAME_RATE * rate_hz;
    (!is_same).then(|| {
        Inconsistency::new(
            Warning::SampleRateDoubtful,
            format!(
                "{} says {} Hz, {} says {rate_hz} Hz: {rate_hz} Hz was used",
                hint.source, hint.value, used.sample_rate_source
            ),
        )
    })
}

fn count(hint: Hint<u64>, used: &Interpretation, samples: u64) -> Option<Inconsistency> {
    if hint.value == samples {
        return None;
    }
    let bytes = u128::from(samples) * used.format.sample_bytes() as u128;
    let fits = |format: &&SampleFormat| u128::from(hint.value) * format.sample_bytes() as u128 == bytes;
    let fitting: Vec<&str> = USUAL.iter().filter(fits).map(|format| format.name()).collect();
    let alternative = if fitting.is_empty() {
        String::new()
    } else {
        format!("; it would have {} as {}", hint.value, fitting.join(" or "))
    };
    Some(Inconsistency::new(
        Warning::SampleCountDoubtful,
        format!(
            "{} says {} samples, the object has {samples} as {} ({}){alternative}",
            hint.source, hint.value, used.format, used.format_source
        ),
    ))
}

fn duration(hint: Hint<f64>, used: &Interpretation, samples: u64) -> Option<Inconsistency> {
    let rate_hz = stated_rate_hz(used);
    let seconds = samples as f64 / rate_hz;
    let is_same = (seconds - hint.value).abs() <= SAME_DURATION * hint.value;
    (!is_same).then(|| {
        let implied_hz = samples as f64 / hint.value;
        Inconsistency::new(
            Warning::SampleRateDoubtful,
            format!(
                "{} says {} s, {samples} samples at {rate_hz} Hz ({}) are {seconds:.3} s; {} s would need {implied_hz:.0} Hz",
                hint.source, hint.value, used.sample_rate_source, hint.value
            ),
        )
    })
}

#[cfg(test)]
mod tests;
