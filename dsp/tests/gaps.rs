//! Recordings whose recorder lost samples.

#[path = "support/pieces.rs"]
mod pieces;

use heimdall_dsp::{Anomaly, Error, Extraction, Gap, Hints, SampleFormat, Warning};
use pieces::divide;
use proptest::prelude::*;

/// Chunks of 200 samples, segments of 1000.
const RATE: f64 = 1000.0;

fn extract<'a>(losses: &[Gap], pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    let hints = Hints::default().with_sample_rate_hz(RATE, "test");
    pieces::extract(hints.with_losses(losses.to_vec()), pieces)
}

fn gap(at_sample: u64, lost_samples: u64) -> Gap {
    Gap {
        at_sample,
        lost_samples,
    }
}

fn wave(samples: usize) -> Vec<u8> {
    (0..2 * samples)
        .flat_map(|i| ((i as f32 * 0.7).sin() + 0.01 * (i as f32 * i as f32).sin()).to_le_bytes())
        .collect()
}

/// A wave without these samples.
fn wave_without(samples: usize, lost: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = wave(samples);
    bytes.drain(8 * lost.start..8 * lost.end);
    bytes
}

#[test]
fn a_gap_removes_only_the_chunks_that_it_touches_and_moves_none() {
    let whole = extract(&[], [&wave(3000)[..]]).unwrap();
    // From the middle of the sixth chunk into the seventh: both in the second segment.
    let broken = extract(&[gap(1100, 150)], [&wave_without(3000, 1100..1250)[..]]).unwrap();
    assert_eq!(broken.segments.len(), 3);
    for at in [0, 2] {
        assert_eq!(broken.segments[at], whole.segments[at]);
    }
    let hit = &broken.segments[1];
    assert_eq!((hit.segment_index, hit.num_chunks), (1, 3));
    assert_eq!(hit.segment_start_ms.to_bits(), 1000.0_f64.to_bits());
    assert_eq!(hit.quality.lost_samples, 150);
    assert_eq!(hit.quality.warnings, [Warning::Gap], "a gap is no dropout");
    // The three remaining chunks are those of the whole recording, so their range is within that of
    // all five.
    for ((name, left), (_, all)) in hit.features.iter().zip(whole.segments[1].features.iter()) {
        assert!(left.min >= all.min && left.max <= all.max, "{name}");
    }
    assert_eq!(broken.samples_lost, 150);
    assert_eq!((broken.samples_used, broken.samples_left_over), (2600, 250));
    assert_eq!(broken.duration_ms().to_bits(), 3000.0_f64.to_bits());
    assert_eq!(broken.info.gaps, [gap(1100, 150)]);
    assert_eq!(broken.info.num_gaps, 1);
}

#[test]
fn a_gap_between_two_chunks_removes_neither() {
    let whole = extract(&[], [&wave(2000)[..]]).unwrap();
    let broken = extract(&[gap(400, 200)], [&wave_without(2000, 400..600)[..]]).unwrap();
    assert_eq!((broken.samples_used, broken.samples_left_over), (1800, 0));
    assert_eq!(broken.segments[0].num_chunks, 4);
    assert_eq!(broken.segments[1], whole.segments[1]);
}

#[test]
fn a_segment_that_is_lost_as_a_whole_leaves_its_number_out() {
    let whole = extract(&[], [&wave(4000)[..]]).unwrap();
    let broken = extract(&[gap(900, 1300)], [&wave_without(4000, 900..2200)[..]]).unwrap();
    let numbers: Vec<u64> = broken.segments.iter().map(|segment| segment.segment_index).collect();
    assert_eq!(numbers, [0, 2, 3]);
    assert_eq!(broken.segments[2], whole.segments[3]);
    let lost: Vec<u64> = broken
        .segments
        .iter()
        .map(|segment| segment.quality.lost_samples)
        .collect();
    assert_eq!(lost, [100, 200, 0], "the segment with the other thousand has no row");
    let starts: Vec<f64> = broken.segments.iter().map(|segment| segment.segment_start_ms).collect();
    assert_eq!(starts, [0.0, 2000.0, 3000.0]);
}

#[test]
fn a_gap_that_is_too_long_is_a_clock_jump() {
    let bytes = wave(2000);
    for lost in [600_001, u64::MAX] {
        let extraction = extract(&[gap(700, lost)], [&bytes[..]]).unwrap();
        assert_eq!((extraction.segments.len(), extraction.samples_lost), (2, 0));
        let Anomaly::ClockJump { at_sample, by_s } = &extraction.info.anomalies[0] else {
            panic!("{:?}", extraction.info.anomalies)
        };
        assert_eq!((*at_sample, *by_s >= 600.0), (700, true));
    }
    // Many gaps together do not extend a recording beyond a week either.
    let many: Vec<Gap> = (0..2000).map(|i| gap(200 + i / 2, 600_000)).collect();
    let extraction = extract(&many, [&bytes[..]]).unwrap();
    let last = extraction.segments.last().unwrap();
    assert!(
        last.segment_index > 600_000 && last.segment_index < 7 * 86_400,
        "{}",
        last.segment_index
    );
    assert_eq!(extraction.info.gaps.len(), 100, "the others are only counted");
    assert_eq!(extraction.info.num_gaps, 1007);
    let left_out = Anomaly::MoreOfThese {
        left_out: 2000 - 1007 - 20,
    };
    assert_eq!(extraction.info.anomalies.last(), Some(&left_out));
}

#[test]
fn pieces_that_are_all_shorter_than_a_chunk_are_too_short() {
    let losses: Vec<Gap> = (1..10).map(|i| gap(150 * i, 50)).collect();
    let error = extract(&losses, [&wave(1500)[..]]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Recording too short: 1500 samples with 9 gaps between them, none of the pieces has the 200 that one chunk needs"
    );
    assert_eq!(error.kind(), "too_short");
}

#[test]
fn bad_samples_next_to_a_gap_are_reported_with_their_place_in_the_object() {
    let mut bytes = wave(2000);
    bytes[8 * 450..8 * 450 + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    // In two of three cases the chunk of sample 450 lacks samples and is not measured.
    for losses in [vec![gap(410, 20)], vec![gap(460, 20)], vec![]] {
        let error = extract(&losses, [&bytes[..]]).unwrap_err();
        assert!(
            matches!(error, Error::NotFinite { first: 450, .. }),
            "{losses:?}: {error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_gaps_in_any_division_of_the_bytes_add_up(
        samples in 400_usize..3000,
        places in prop::collection::vec((0_u64..3200, 0_u64..2500), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let bytes = wave(samples);
        let mut losses: Vec<Gap> = places.iter().map(|(at, lost)| gap(*at, *lost)).collect();
        losses.sort_by_key(|gap| gap.at_sample);
        let whole = extract(&losses, [&bytes[..]]);
        prop_assert_eq!(&extract(&losses, divide(&bytes, &cuts)), &whole);
        let Ok(extraction) = whole else { return Ok(()) };
        prop_assert_eq!(extraction.samples_used + extraction.samples_left_over, samples as u64);
        let lost: u64 = losses.iter().filter(|gap| gap.at_sample < samples as u64).map(|gap| gap.lost_samples).sum();
        prop_assert_eq!(extraction.samples_lost, lost);
        prop_assert_eq!(extraction.samples_used, 200 * extraction.totals.num_chunks);
        let numbers: Vec<u64> = extraction.segments.iter().map(|segment| segment.segment_index).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(extraction.interpretation.format, SampleFormat::Cf32Le);
    }
}
