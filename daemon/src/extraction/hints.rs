//! Hints on an object's samples: database columns first, then the object's metadata, then its key.

use heimdall_dsp::{FormatClaim, Hints, Inconsistency, Warning};

use crate::job::claim::Claim;
use crate::object_store::location::Location;
use crate::object_store::object::Object;

/// Names that recorders use for the sample rate in an object's metadata.
const RATE_METADATA: [&str; 5] = [
    "sample-rate-hz",
    "sample-rate",
    "sample_rate_hz",
    "sample_rate",
    "iq-sample-rate",
];
/// The same for the sample format.
const FORMAT_METADATA: [&str; 4] = ["iq-format", "iq-data-format", "iq_data_format", "datatype"];
/// The same for the number of samples.
const COUNT_METADATA: [&str; 4] = ["samples-count", "iq-samples-count", "iq_samples_count", "num-samples"];
/// The same for the length in seconds.
const DURATION_METADATA: [&str; 2] = ["duration-seconds", "duration_seconds"];

/// All hints on the object, strongest first.
#[must_use]
pub fn of_object(claim: &Claim, location: &Location, object: &Object<'_>) -> Hints {
    let mut hints = Hints::default();
    hints.set_object_bytes(object.size_bytes);
    add_columns(claim, &mut hints);
    add_metadata(|names| object.metadata(names), &mut hints);
    if let Some(encoding) = object.content_encoding() {
        hints.add_content_encoding(encoding);
    }
    hints.add_file_name(&location.key);
    hints
}

fn add_columns(claim: &Claim, hints: &mut Hints) {
    if let Some(format) = claim.iq_data_format.as_deref().and_then(FormatClaim::parse) {
        hints.add_format(format, "column iq_data_format");
    }
    if let Some(rate_hz) = claim.iq_sample_rate {
        hints.add_sample_rate_hz(rate_hz, "column iq_sample_rate");
    }
    // Applications write 0 or -1 if they have not counted.
    if let Some(count) = claim
        .iq_samples_count
        .and_then(|count| u64::try_from(count).ok())
        .filter(|count| *count > 0)
    {
        hints.add_sample_count(count, "column iq_samples_count");
    }
    if let Some(seconds) = claim.duration_seconds {
        hints.add_duration_s(seconds, "column duration_seconds");
    }
}

fn add_metadata<'a>(find: impl Fn(&[&str]) -> Option<&'a str>, hints: &mut Hints) {
    const SOURCE: &str = "object metadata";
    if let Some(format) = find(&FORMAT_METADATA).and_then(FormatClaim::parse) {
        hints.add_format(format, SOURCE);
    }
    if let Some(text) = find(&RATE_METADATA) {
        match text.trim().parse() {
            Ok(rate_hz) => hints.add_sample_rate_hz(rate_hz, SOURCE),
            Err(_) => hints.add_inconsistency(Inconsistency::new(
                Warning::SampleRateDoubtful,
                format!("{SOURCE} says '{}', which is not a sample rate", shorten(text)),
            )),
        }
    }
    if let Some(count) = find(&COUNT_METADATA)
        .and_then(|text| text.trim().parse().ok())
        .filter(|count| *count > 0)
    {
        hints.add_sample_count(count, SOURCE);
    }
    if let Some(seconds) = find(&DURATION_METADATA).and_then(|text| text.trim().parse().ok()) {
        hints.add_duration_s(seconds, SOURCE);
    }
}

/// The first 64 characters, escaped.
fn shorten(text: &str) -> String {
    text.escape_debug().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints_of(metadata: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut hints = Hints::default();
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| metadata.iter().find(|(key, _)| key == name).map(|(_, value)| *value))
        };
        add_metadata(find, &mut hints);
        hints
            .provenance()
            .into_iter()
            .map(|hint| (hint.what.to_owned(), hint.value.to_string()))
            .collect()
    }

    #[test]
    fn metadata_is_read_under_the_names_that_recorders_use() {
        let found = hints_of(&[
            ("datatype", "complex64"),
            ("sample-rate", " 48000 "),
            ("num-samples", "96000"),
            ("duration_seconds", "2"),
        ]);
        let expected = [
            ("iq_format", "\"cf32_le\""),
            ("sample_rate_hz", "48000.0"),
            ("samples", "96000"),
            ("duration_s", "2.0"),
        ];
        assert_eq!(found, expected.map(|(what, value)| (what.to_owned(), value.to_owned())));
    }

    #[test]
    fn metadata_that_is_not_a_positive_number_gives_no_hint() {
        for text in ["", "fast", "NaN", "-1", "0", "1e999", "48 kHz"] {
            assert_eq!(
                hints_of(&[
                    ("sample-rate-hz", text),
                    ("samples-count", text),
                    ("duration-seconds", text)
                ]),
                [],
                "{text}"
            );
        }
    }
}
