//! Finds contradictions between the hints and the recording. They become warnings, not errors.

use super::hints::{Hint, Hints};
use super::interpretation::Interpretation;
use crate::format::SampleFormat;
use crate::format::claim::FormatClaim;
use crate::warning::{Inconsistency, Warning};

/// Largest relative difference between rates that are the same rate. Oscillators are within 0.01 %,
/// and headers round 12 kHz to whole Hz.
const SAME_RATE: f64 = 1e-3;

/// Largest relative difference between durations that are the same duration. The closest rates in
/// use, 48 and 50, and 192 and 200 kHz, differ by 4 %. Recorders round durations and drop
/// incomplete blocks, which is less.
const SAME_DURATION: f64 = 0.03;

/// Hints that contradict the format or the rate that is used, or that are invalid.
pub(crate) fn of_reading(hints: &Hints, used: &Interpretation) -> Vec<Inconsistency> {
    let mut inconsistencies = hints.inconsistencies.clone();
    inconsistencies.extend(hints.formats.iter().filter_map(|claim| format(claim, used)));
    inconsistencies.extend(hints.rates_hz.iter().filter_map(|hint| rate(*hint, used)));
    inconsistencies
}

/// Hints that contradict the number of `samples` in the object, or with the `lost` ones the
/// duration.
pub(crate) fn of_extent(hints: &Hints, used: &Interpretation, samples: u64, lost: u64) -> Vec<Inconsistency> {
    let counts = hints.sample_counts.iter();
    let durations = hints.durations_s.iter();
    counts
        .filter_map(|hint| count(*hint, used, samples))
        .chain(durations.filter_map(|hint| duration(*hint, used, samples.saturating_add(lost))))
        .collect()
}

fn format(claim: &Hint<FormatClaim>, used: &Interpretation) -> Option<Inconsistency> {
    let (name, source) = (used.format, used.format_source);
    let text = match &claim.value {
        FormatClaim::Samples(format) if *format == used.format => return None,
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
    let rate_hz = used.sample_rate_hz;
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
    let fitting: Vec<&str> = SampleFormat::ALL
        .iter()
        .filter(fits)
        .map(|format| format.name())
        .collect();
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
    let rate_hz = used.sample_rate_hz;
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
mod tests {
    use super::*;

    fn used(hints: &Hints) -> Interpretation {
        Interpretation::settle("none", None, None, hints).unwrap()
    }

    fn sentences(hints: &Hints, samples: u64) -> Vec<(Warning, String)> {
        let mut inconsistencies = of_reading(hints, &used(hints));
        inconsistencies.extend(of_extent(hints, &used(hints), samples, 0));
        inconsistencies
            .into_iter()
            .map(|inconsistency| (inconsistency.warning, inconsistency.text))
            .collect()
    }

    #[test]
    fn hints_that_agree_give_no_warning() {
        let mut hints = Hints::default().with_format(SampleFormat::Ci16Le, "column iq_data_format");
        hints.add_sample_rate_hz(12_000.0, "column iq_sample_rate");
        hints.add_sample_rate_hz(12_001.0, "object metadata");
        hints.add_sample_count(12_000, "column iq_samples_count");
        // The duration has 300 samples more, an incomplete block that the recorder dropped.
        hints.add_duration_s(1.025, "column duration_seconds");
        assert_eq!(sentences(&hints, 12_000), []);
    }

    #[test]
    fn the_duration_distinguishes_every_pair_of_rates_in_use() {
        let rates: [u32; 6] = [12_000, 12_500, 48_000, 50_000, 192_000, 200_000];
        for right in rates {
            for wrong in rates {
                let mut hints = Hints::default().with_sample_rate_hz(f64::from(wrong), "column iq_sample_rate");
                hints.add_duration_s(1.0, "column duration_seconds");
                let inconsistencies = sentences(&hints, u64::from(right));
                assert_eq!(
                    inconsistencies.is_empty(),
                    right == wrong,
                    "{right} as {wrong}: {inconsistencies:?}"
                );
            }
        }
    }

    #[test]
    fn a_contradiction_names_both_values_and_the_one_used() {
        let mut hints = Hints::default();
        hints.add_format(FormatClaim::parse("int16").unwrap(), "column iq_data_format");
        hints.add_format(FormatClaim::parse("cu8").unwrap(), "extension");
        hints.add_format(FormatClaim::parse("flac").unwrap(), "object metadata");
        hints.add_format(FormatClaim::parse("npy").unwrap(), "object metadata");
        hints.add_sample_rate_hz(48_000.0, "column iq_sample_rate");
        hints.add_sample_rate_hz(200_000.0, "object metadata");
        hints.add_sample_rate_hz(0.0, "file name");
        hints.add_sample_count(96_000, "column iq_samples_count");
        hints.add_duration_s(0.25, "column duration_seconds");
        let expected = [
            (
                Warning::SampleRateDoubtful,
                "file name says 0 Hz, which is no sample rate",
            ),
            (
                Warning::FormatDoubtful,
                "extension says cu8, column iq_data_format says ci16_le: read as ci16_le",
            ),
            (
                Warning::FormatDoubtful,
                "object metadata says 'flac', which names no format that is read: read as ci16_le (column iq_data_format)",
            ),
            (
                Warning::FormatDoubtful,
                "object metadata says npy, the object has no npy header: read as ci16_le (column iq_data_format)",
            ),
            (
                Warning::SampleRateDoubtful,
                "object metadata says 200000 Hz, column iq_sample_rate says 48000 Hz: 48000 Hz was used",
            ),
            (
                Warning::SampleCountDoubtful,
                "column iq_samples_count says 96000 samples, the object has 48000 as ci16_le (column iq_data_format); \
                 it would have 96000 as ci8 or cu8",
            ),
            (
                Warning::SampleRateDoubtful,
                "column duration_seconds says 0.25 s, 48000 samples at 48000 Hz (column iq_sample_rate) are 1.000 s; \
                 0.25 s would need 192000 Hz",
            ),
        ];
        assert_eq!(
            sentences(&hints, 48_000),
            expected.map(|(w, text)| (w, text.to_owned()))
        );
    }
}
