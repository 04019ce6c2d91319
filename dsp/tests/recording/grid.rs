//! Recordings divided in another way than rows, and samples in memory.

use heimdall_dsp::{Error, Extraction, Grid, Hints, Recording, SampleFormat, Workspace};
use proptest::prelude::*;

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/{name}.cf32", env!("CARGO_MANIFEST_DIR"))).expect("a recording")
}

fn extract(bytes: &[u8], rate_hz: f64, grid: Grid) -> Result<Extraction, Error> {
    let mut workspace = Workspace::new();
    let mut recording = Recording::of_samples(SampleFormat::Cf32Le, rate_hz).with_grid(grid);
    recording.push(bytes, &mut workspace)?;
    recording.finish(&mut workspace)
}

#[test]
fn samples_in_memory_have_the_numbers_of_a_file() {
    for (name, rate_hz) in [("fm_12k5_200k", 200_000.0), ("two_segments_and_a_part_12k", 12_000.0)] {
        let bytes = golden(name);
        let mut workspace = Workspace::new();
        let mut file = Recording::new(Hints::default().with_sample_rate_hz(rate_hz, "argument"));
        file.push(&bytes, &mut workspace).expect("a recording");
        let file = file.finish(&mut workspace).expect("a recording");
        let memory = extract(&bytes, rate_hz, Grid::default()).expect("samples");
        assert_eq!(memory.segments, file.segments, "{name}");
        assert_eq!(memory.interpretation.container, "array");
        assert_eq!(memory.interpretation.format_source, "argument");
    }
}

#[test]
fn samples_in_memory_that_begin_like_a_header_are_samples() {
    let mut bytes = golden("noise_only_48k");
    for magic in [
        &b"RIFF\x10\0\0\0WAVEfmt "[..],
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03\0\0\0\0\0\0",
    ] {
        bytes[..16].copy_from_slice(magic);
        let extraction = extract(&bytes, 48_000.0, Grid::default());
        let is_read = match extraction {
            Ok(extraction) => extraction.interpretation.container == "array",
            // The header as a number.
            Err(error) => matches!(error, Error::TooLarge { .. } | Error::NotFinite { .. }),
        };
        assert!(is_read);
    }
}

/// The spectrum of a chunk depends on its number of samples only, and frequencies are parts of the
/// sample rate.
#[test]
fn a_chunk_of_any_length_has_the_numbers_of_one_with_as_many_samples() {
    let bytes = golden("fm_12k5_200k");
    let short = extract(&bytes, 200_000.0, Grid::of_ms(40.0, 5)).expect("samples");
    let slow = extract(&bytes, 40_000.0, Grid::default()).expect("samples");
    assert_eq!(short.segments.len(), slow.segments.len());
    for (short, slow) in short.segments.iter().zip(&slow.segments) {
        assert_eq!(short.num_chunks, slow.num_chunks);
        assert_eq!(short.segment_start_ms * 5.0, slow.segment_start_ms);
        let (ours, theirs) = (short.features, slow.features);
        for (ours, theirs) in [
            (ours.rssi_dbm, theirs.rssi_dbm),
            (ours.snr_db, theirs.snr_db),
            (ours.envelope_std, theirs.envelope_std),
            (ours.zero_crossing_rate, theirs.zero_crossing_rate),
        ] {
            assert_eq!(ours, theirs);
        }
        assert!((ours.frequency_offset_hz.mean - 5.0 * theirs.frequency_offset_hz.mean).abs() < 1e-6);
        assert_eq!(short.signal_present, slow.signal_present);
    }
}

#[test]
fn a_segment_of_five_chunks_has_the_statistics_of_five_segments_of_one() {
    let bytes = golden("fm_12k5_200k");
    let chunks = extract(&bytes, 200_000.0, Grid::of_samples(40_000, 1))
        .expect("samples")
        .segments;
    let segments = extract(&bytes, 200_000.0, Grid::default()).expect("samples").segments;
    assert_eq!(chunks.len(), 5 * segments.len());
    for (five, segment) in chunks.chunks(5).zip(&segments) {
        let values: Vec<f64> = five.iter().map(|chunk| chunk.features.snr_db.mean).collect();
        let expected = heimdall_dsp::Statistics::of(values.iter().copied());
        assert_eq!(segment.features.snr_db, expected);
        assert!(
            five.iter()
                .all(|chunk| chunk.num_chunks == 1 && chunk.features.snr_db.std == 0.0)
        );
    }
}

#[test]
fn a_division_that_cannot_be_measured_is_refused_with_the_limits() {
    for (grid, problem) in [
        (
            Grid::of_ms(0.9, 5),
            "a chunk of 180 samples; 200 to 24576000 can be measured",
        ),
        (
            Grid::of_ms(f64::NAN, 5),
            "a chunk of 0 samples; 200 to 24576000 can be measured",
        ),
        (
            Grid::of_ms(-200.0, 5),
            "a chunk of 0 samples; 200 to 24576000 can be measured",
        ),
        (
            Grid::of_samples(199, 1),
            "a chunk of 199 samples; 200 to 24576000 can be measured",
        ),
        (Grid::of_ms(200.0, 0), "0 chunks in a segment; 1 to 1000 are possible"),
        (
            Grid::of_ms(1.0, 1001),
            "1001 chunks in a segment; 1 to 1000 are possible",
        ),
    ] {
        let error = extract(&golden("fm_12k5_200k"), 200_000.0, grid).expect_err("refused");
        assert_eq!(error.to_string(), format!("Invalid division at 200000 Hz: {problem}"));
        assert_eq!(error.kind(), "invalid_division");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn every_division_gives_finite_numbers(chunk in 200_usize..3000, count in 1_usize..20, name in 0_usize..3) {
        let name = ["noise_only_48k", "two_tones_and_dc_48k", "dropout_in_chunk_3_48k"][name];
        let extraction = extract(&golden(name), 48_000.0, Grid::of_samples(chunk, count)).expect("samples");
        for segment in &extraction.segments {
            prop_assert!(segment.num_chunks <= count);
            for (name, statistics) in segment.features.iter() {
                let all = [statistics.mean, statistics.std, statistics.min, statistics.max];
                prop_assert!(all.iter().all(|number| number.is_finite()), "{name}: {statistics:?}");
            }
            for (name, estimate) in segment.extended.numbers.iter() {
                let Some(estimate) = estimate else { continue };
                let all = [estimate.mean, estimate.std, estimate.standard_error];
                prop_assert!(all.iter().all(|number| number.is_finite()), "{name}: {estimate:?}");
            }
        }
    }
}
