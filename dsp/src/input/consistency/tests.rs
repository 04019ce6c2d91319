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
fn a_rate_that_nobody_names_is_a_warning_with_the_readings_of_the_name() {
    let mut hints = Hints::default();
    let setting = "the column iq_sample_rate or --sample-rate";
    let said = |hints: &Hints| sentences(hints, 200_000);
    assert_eq!(
        said(&hints),
        [(
            Warning::SampleRateAssumed,
            format!("no source names the sample rate: 200000 Hz was assumed; {setting} sets it")
        )]
    );
    hints.add_file_name("two_48k_96k.bin");
    assert_eq!(
        said(&hints),
        [(
            Warning::SampleRateAssumed,
            format!(
                "the file name has 48k (48000 Hz) and 96k (96000 Hz), each of which can be the sample rate: \
                 200000 Hz was assumed; {setting} decides"
            )
        )]
    );
    hints.add_sample_rate_hz(48_000.0, "column iq_sample_rate");
    assert_eq!(said(&hints), []);
}

#[test]
fn a_scale_refines_16_bit_integers_without_contradiction() {
    let mut hints = Hints::default().with_sample_rate_hz(48_000.0, "argument");
    hints.add_format(FormatClaim::parse("ci16_le").unwrap(), "SigMF sidecar");
    hints.add_format(FormatClaim::parse("sc16q11").unwrap(), "column iq_data_format");
    let found = used(&hints);
    assert_eq!(
        (found.format, found.format_source),
        (SampleFormat::Sc16Q11, "column iq_data_format")
    );
    assert_eq!(sentences(&hints, 48_000), []);
    let header = |value| {
        Some(Hint {
            value,
            source: "header",
        })
    };
    for (value, expected) in [
        (SampleFormat::Ci16Le, SampleFormat::Sc16Q11),
        (SampleFormat::Cf32Le, SampleFormat::Cf32Le),
    ] {
        let found = Interpretation::settle("wav", header(value), None, &hints).unwrap();
        assert_eq!(found.format, expected);
    }
}

#[test]
fn real_samples_are_measured_at_half_of_the_stated_rate() {
    let mut hints = Hints::default().with_format(SampleFormat::Rf32Le, "argument");
    hints.add_sample_rate_hz(48_000.0, "argument");
    hints.add_sample_count(96_000, "column iq_samples_count");
    hints.add_duration_s(2.0, "column duration_seconds");
    assert_eq!(used(&hints).sample_rate_hz, 24_000.0);
    assert_eq!(sentences(&hints, 96_000), []);
    let slow = Hints::default().with_format(SampleFormat::Ri16Le, "argument");
    let slow = slow.with_sample_rate_hz(1999.0, "argument");
    let error = Interpretation::settle("none", None, None, &slow)
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("sample rate 1999 Hz (argument) is outside 2000 to 122880000 Hz"),
        "{error}"
    );
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
