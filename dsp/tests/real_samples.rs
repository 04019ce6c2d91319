//! Real samples, which are measured as an analytic signal at half the rate.

#[path = "support/encoded.rs"]
mod encoded;

use encoded::{LEVEL_DBFS, RATE, TONE_HZ, assert_tone, dither, encoded, extract, hints, tone};
use heimdall_dsp::{Anomaly, Hints, SampleFormat, Sigmf, Warning};

/// A real tone above a quarter of the rate reads as negative, and no real tone has an image.
#[test]
fn real_samples_become_an_analytic_signal_at_half_the_rate() {
    for (frequency_hz, reads_hz) in [(100.0, 100.0), (700.0, 700.0), (1300.0, -700.0), (1880.0, -120.0)] {
        let bytes = encoded(&tone(true, 4000, frequency_hz), SampleFormat::Rf32Le);
        let extraction = extract(hints(SampleFormat::Rf32Le, 2.0 * RATE), [&bytes[..]]).unwrap();
        assert_tone(&extraction, reads_hz, LEVEL_DBFS, &[], "real");
        let remark = Anomaly::RealSamples {
            sample_rate_hz: 2.0 * RATE,
        };
        assert_eq!(
            remark.to_string(),
            "real samples at 4000 Hz: the numbers are those of the analytic signal at half the rate; \
             0 to 1000 Hz keep their frequency, 1000 to 2000 Hz read as -1000 to 0 Hz"
        );
        assert_eq!(extraction.info.anomalies, [remark]);
    }
}

/// I and Q of real samples are not those of a receiver, and their mirror images near 0 Hz are no
/// fault of one.
#[test]
fn real_samples_have_no_imbalance() {
    for frequency in [0.0076, 0.0101, 0.1001] {
        let tone = (0..200_000_u32).map(|n| 0.3 * (std::f64::consts::TAU * frequency * f64::from(n)).cos() + dither(n));
        let bytes = encoded(&tone.collect::<Vec<_>>(), SampleFormat::Rf32Le);
        let extraction = extract(hints(SampleFormat::Rf32Le, 200_000.0), [&bytes[..]]).unwrap();
        let quality = &extraction.segments[0].quality;
        assert_eq!(quality.warnings, [], "{frequency}");
        assert_eq!((quality.iq_gain_imbalance_db, quality.iq_phase_error_deg), (None, None));
    }
}

#[test]
fn a_gap_in_real_samples_is_as_long_as_stored() {
    let text = r#"{"global": {"core:datatype": "ri16_le", "core:sample_rate": 4000}, "captures": [
        {"core:sample_start": 0, "core:global_index": 0},
        {"core:sample_start": 4000, "core:global_index": 8000}]}"#;
    let mut hints = Hints::default();
    hints.set_sigmf(Sigmf::parse(text.as_bytes()).unwrap(), "SigMF sidecar");
    hints.add_duration_s(3.0, "column duration_seconds");
    hints.add_sample_count(8000, "column iq_samples_count");
    let bytes = encoded(&tone(true, 8000, TONE_HZ), SampleFormat::Ri16Le);
    let extraction = extract(hints, [&bytes[..]]).unwrap();
    let places: Vec<_> = extraction
        .segments
        .iter()
        .map(|s| (s.segment_index, s.num_chunks))
        .collect();
    assert_eq!(places, [(0, 5), (2, 5)]);
    assert_eq!(extraction.samples_lost, 2000);
    assert_eq!(extraction.inconsistencies, []);
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], "before the gap");
}

#[test]
fn a_real_sample_that_is_no_number_is_named_by_its_place() {
    let mut values = tone(true, 4000, TONE_HZ);
    values[1234] = f64::NAN;
    let bytes = encoded(&values, SampleFormat::Rf32Le);
    let error = extract(hints(SampleFormat::Rf32Le, 4000.0), [&bytes[..]]).unwrap_err();
    assert!(error.to_string().contains("the first is sample 1234"), "{error}");
}

/// An offset far above the noise is named, and is no signal: it does not begin with the recording.
#[test]
fn an_offset_of_real_samples_is_no_signal() {
    for offset in [0.003, 0.03, 0.3] {
        let mut state = 1_u32;
        let noise = (0..96_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            offset + 0.01 * (f64::from(state >> 8) / f64::from(1 << 24) - 0.5)
        });
        let bytes = encoded(&noise.collect::<Vec<_>>(), SampleFormat::Rf32Le);
        let extraction = extract(hints(SampleFormat::Rf32Le, 96_000.0), [&bytes[..]]).unwrap();
        let segment = &extraction.segments[0];
        let is_named = |warning: &Warning| [Warning::DcSpike, Warning::DcOrCarrier].contains(warning);
        assert!(segment.quality.warnings.iter().any(is_named), "{offset}");
        assert!(segment.extended.detection_rate <= 0.0, "{offset}");
        assert!(segment.extended.numbers.snr_unbiased_db.is_none(), "{offset}");
    }
}
