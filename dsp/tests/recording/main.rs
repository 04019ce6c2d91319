//! Extraction from valid and invalid bytes, in pieces of any size.

#![expect(
    clippy::float_cmp,
    reason = "the compared values are counts, lowest values, or computed in the same way"
)]

mod grid;
#[path = "../support/pieces.rs"]
mod pieces;

use heimdall_dsp::{FormatClaim, Hints, Recording, SampleFormat, Warning, Workspace};
use pieces::{divide, extract};
use proptest::prelude::*;

/// At 1000 samples per second a chunk has 200 samples, so that many can be tried.
const RATE: f64 = 1000.0;

fn hints(format: SampleFormat) -> Hints {
    Hints::default()
        .with_format(format, "argument")
        .with_sample_rate_hz(RATE, "argument")
}

/// `samples` complex samples of a wave, as 32-bit floats.
fn wave(samples: usize) -> Vec<u8> {
    (0..2 * samples)
        .flat_map(|i| (i as f32 * 0.7).sin().to_le_bytes())
        .collect()
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{dictionary:<117}\n").bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn a_last_segment_needs_one_whole_chunk() {
    for (samples, segments, chunks, left_over) in [
        (200, 1, 1, 0),
        (399, 1, 1, 199),
        (1000, 1, 5, 0),
        (1199, 1, 5, 199),
        (1200, 2, 6, 0),
    ] {
        let bytes = wave(samples);
        let extraction = extract(hints(SampleFormat::Cf32Le), [&bytes[..]]).unwrap();
        assert_eq!(extraction.segments.len(), segments);
        assert_eq!(extraction.totals.num_chunks, chunks);
        assert_eq!(extraction.samples_left_over, left_over);
        assert_eq!(extraction.samples_used + left_over, samples as u64);
        let last = extraction.segments.last().unwrap();
        assert_eq!(last.segment_start_ms, 1000.0 * (segments - 1) as f64);
    }
}

#[test]
fn a_recording_that_is_too_short_is_refused_with_the_number_of_samples() {
    let of = |bytes: &[u8]| extract(hints(SampleFormat::Cf32Le), [bytes]).unwrap_err();
    assert_eq!(
        of(&[]).to_string(),
        "Recording too short: 0 samples, one chunk needs 200"
    );
    assert_eq!(
        of(&wave(199)).to_string(),
        "Recording too short: 199 samples, one chunk needs 200"
    );
    assert_eq!(of(&wave(199)).kind(), "too_short");
    let unknown_rate = extract(Hints::default(), [&wave(10)[..]]).unwrap_err();
    assert_eq!(
        unknown_rate.to_string(),
        "Recording too short: 10 samples, one chunk needs 40000"
    );
}

#[test]
fn bad_bytes_are_refused_with_reason_place_and_number() {
    let of = |bytes: &[u8]| {
        let error = extract(hints(SampleFormat::Cf32Le), [bytes]).unwrap_err();
        assert_eq!(error.kind(), "invalid_format");
        error.to_string()
    };
    let mut odd = wave(300);
    odd.truncate(2397);
    assert_eq!(
        of(&odd),
        "Invalid IQ data format: 5 bytes left over at the end, \
         cf32_le samples are 8 bytes each (2397 bytes of samples in all)"
    );
    assert_eq!(
        of(&[0; 8 * 300]),
        "Invalid IQ data format: every one of the 300 samples is zero"
    );
    let mut poisoned = wave(600);
    poisoned[8 * 250..8 * 250 + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    poisoned[8 * 399 + 4..8 * 400].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert_eq!(
        of(&poisoned),
        "Invalid IQ data format: 2 of the 200 samples from sample 200 on are NaN or infinite, \
         the first is sample 250"
    );
    let doubles: Vec<u8> = (0..800).flat_map(|i| f64::from(i).sin().to_le_bytes()).collect();
    assert!(
        of(&doubles).ends_with("looks like complex128 read as complex64"),
        "{}",
        of(&doubles)
    );
    let page = b"<!DOCTYPE html><html><body>Service temporarily unavailable</body></html>";
    assert_eq!(
        of(page),
        "Invalid IQ data format: the object is an HTML page, not a recording in a known format"
    );
    let tiny: Vec<u8> = (0..600)
        .flat_map(|i| (1e-25 * (i as f32).sin()).to_le_bytes())
        .collect();
    assert!(
        of(&tiny).contains("none of the 300 samples exceeds 9.9999"),
        "{}",
        of(&tiny)
    );
}

#[test]
fn a_rate_outside_the_limits_is_refused() {
    for rate in [1e-300, 999.9, 122_880_001.0, 1e9, f64::MAX] {
        let hints = Hints::default().with_sample_rate_hz(rate, "column iq_sample_rate");
        let error = extract(hints, [&wave(300)[..]]).unwrap_err();
        assert!(error.to_string().contains("column iq_sample_rate"), "{error}");
    }
}

#[test]
fn an_invalid_rate_gives_a_warning_and_is_not_used() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let hints = Hints::default()
            .with_sample_rate_hz(rate, "column iq_sample_rate")
            .with_sample_rate_hz(RATE, "object metadata");
        let extraction = extract(hints, [&wave(300)[..]]).unwrap();
        assert_eq!(extraction.interpretation.sample_rate_source, "object metadata");
        assert_eq!(extraction.segments[0].quality.warnings, [Warning::SampleRateDoubtful]);
        assert!(
            extraction.inconsistencies[0]
                .text
                .starts_with("column iq_sample_rate says")
        );
    }
}

#[test]
fn an_unsupported_format_is_refused_by_name_unless_the_bytes_have_a_header() {
    let mut hints = Hints::default();
    hints.add_format(FormatClaim::parse("cf16_le").unwrap(), "column iq_data_format");
    let hints = hints.with_format(SampleFormat::Ci16Le, "object metadata");
    let refused = extract(hints.clone(), [&wave(300)[..]]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Invalid IQ data format: sample format cf16_le (column iq_data_format) is not supported; \
         supported are cf32, cf64, ci16, ci32, cu16, cu32 and the real rf32, rf64, ri16, ri32, ru16, ru32, each with \
         _le or _be; ci8, cu8, ri8, ru8, ci24_le, sc16q11"
    );
    let wrapped = npy("<c8", "(300,)", &wave(300));
    let read = extract(hints.with_sample_rate_hz(RATE, "argument"), [&wrapped[..]]).unwrap();
    assert_eq!(read.interpretation.format_source, "npy header");
    assert_eq!(read.segments[0].quality.warnings, [Warning::FormatDoubtful]);
    assert_eq!(read.inconsistencies.len(), 2, "{:?}", read.inconsistencies);
}

#[test]
fn the_header_counts_more_than_a_hint() {
    let data: Vec<u8> = (0..600).flat_map(|i| f64::from(i).sin().to_le_bytes()).collect();
    let bytes = npy("<c16", "(300,)", &data);
    let extraction = extract(hints(SampleFormat::Cf32Le), [&bytes[..]]).unwrap();
    assert_eq!(extraction.interpretation.format, SampleFormat::Cf64Le);
    assert_eq!(extraction.interpretation.format_source, "npy header");
    assert_eq!(extraction.interpretation.container, "npy");
    assert_eq!(extraction.interpretation.sample_rate_source, "argument");
    assert_eq!(extraction.samples_used, 200);
}

#[test]
fn a_silent_chunk_in_a_good_recording_has_finite_numbers() {
    let mut bytes = wave(1000);
    bytes[8 * 400..8 * 600].fill(0);
    let extraction = extract(hints(SampleFormat::Cf32Le), [&bytes[..]]).unwrap();
    let features = &extraction.segments[0].features;
    for (name, statistics) in features.iter() {
        let all = [statistics.mean, statistics.std, statistics.min, statistics.max];
        assert!(all.iter().all(|value| value.is_finite()), "{name}: {statistics:?}");
    }
    assert_eq!(features.rssi_dbm.min, -90.0);
    assert_eq!(features.snr_db.min, -120.0);
    assert_eq!(extraction.segments[0].extended.detection_rate, 0.8);
}

#[test]
fn a_workspace_keeps_nothing_of_the_recordings_before() {
    let bytes = wave(777);
    let fresh = extract(hints(SampleFormat::Cf32Le), [&bytes[..]]).unwrap();
    let mut workspace = Workspace::new();
    for rate in [5000.0, 1000.0, 2000.0, 1000.0] {
        let hints = Hints::default()
            .with_format(SampleFormat::Cf32Le, "argument")
            .with_sample_rate_hz(rate, "argument");
        let mut recording = Recording::new(hints);
        recording.push(&wave(1000), &mut workspace).unwrap();
        recording.push(&[1, 2, 3], &mut workspace).unwrap();
        drop(recording);
    }
    let mut recording = Recording::new(hints(SampleFormat::Cf32Le));
    recording.push(&bytes, &mut workspace).unwrap();
    assert_eq!(recording.finish(&mut workspace).unwrap(), fresh);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_division_of_good_bytes_gives_the_same(
        samples in 0_usize..1500,
        trailing in 0_usize..8,
        wrapped: bool,
        format in prop::sample::select(SampleFormat::ALL.to_vec()),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut bytes: Vec<u8> = match format {
            SampleFormat::Cf32Le => wave(samples),
            SampleFormat::Cf64Le => {
                (0..2 * samples).flat_map(|i| (i as f64).sin().to_le_bytes()).collect()
            }
            _ => (0..samples * format.sample_bytes()).map(|i| (i * i % 251).to_le_bytes()[0]).collect(),
        };
        bytes.extend(vec![7; trailing]);
        if wrapped {
            let descr = if format == SampleFormat::Cf64Le { "<c16" } else { "<c8" };
            bytes = npy(descr, &format!("({samples},)"), &bytes);
        }
        let whole = extract(hints(format), [&bytes[..]]);
        prop_assert_eq!(extract(hints(format), divide(&bytes, &cuts)), whole);
    }

    #[test]
    fn any_division_of_any_bytes_gives_the_same_and_only_finite_numbers(
        magic in prop::sample::select(vec![&b""[..], b"\x93NUMPY\x01\0\x20\0", b"\x93NUMPY\x02\0", b"<html>"]),
        body in prop::collection::vec(any::<u8>(), 0..5000),
        format in prop::sample::select(SampleFormat::ALL.to_vec()),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = [magic, &body[..]].concat();
        let whole = extract(hints(format), [&bytes[..]]);
        if let Ok(extraction) = &whole {
            for segment in &extraction.segments {
                for (_, statistics) in segment.features.iter() {
                    prop_assert!((statistics.mean + statistics.std).is_finite());
                }
            }
        }
        prop_assert_eq!(extract(hints(format), divide(&bytes, &cuts)), whole);
    }
}
