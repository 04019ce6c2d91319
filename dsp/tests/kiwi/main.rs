//! `KiwiSDR` WAV files: results of the time stamps, and treatment of bad ones.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests make their own small input"
)]

#[path = "../support/pieces.rs"]
mod pieces;
mod recordings;
#[path = "../support/mod.rs"]
mod support;

use heimdall_dsp::{Anomaly, Error, Extraction, Gap, Hints, Warning};
use pieces::divide;
use proptest::prelude::*;
use support::{chunk, fmt, riff, wave_16};

/// Samples between two stamps.
const BLOCK: usize = 512;
/// The rate in the header, and the true one.
const HEADER_RATE: u32 = 12_001;
const RATE: f64 = 12_001.14;
/// A second of the GPS week.
const BEGUN_S: f64 = 124_934.129;

/// A file whose block n is `late(n)` seconds late.
fn file(blocks: usize, late: impl Fn(usize) -> f64) -> Vec<u8> {
    file_of(blocks, |block| {
        let second = BEGUN_S + (block * BLOCK) as f64 / RATE + late(block);
        (second * 1e9).round() as i64
    })
}

/// A file whose block n has the stamp `time_ns(n)`.
fn file_of(blocks: usize, time_ns: impl Fn(usize) -> i64) -> Vec<u8> {
    let samples = wave_16(blocks * BLOCK);
    let mut chunks = vec![fmt(1, 16, HEADER_RATE)];
    for (block, data) in samples.chunks(4 * BLOCK).enumerate() {
        let time = time_ns(block).rem_euclid(7 * 86_400 * 1_000_000_000);
        let (second, nanosecond) = ((time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32);
        let stamp = [
            &[(block % 6) as u8, 0][..],
            &second.to_le_bytes(),
            &nanosecond.to_le_bytes(),
        ];
        chunks.push(chunk(*b"kiwi", &stamp.concat()));
        chunks.push(chunk(*b"data", data));
    }
    riff(&chunks)
}

fn extract<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    pieces::extract(Hints::default(), pieces)
}

fn whole(bytes: &[u8]) -> Extraction {
    extract([bytes]).expect("features")
}

/// Duration of this many samples.
fn seconds(samples: f64) -> f64 {
    samples / RATE
}

#[test]
fn the_stamps_give_the_rate_and_the_time_of_the_first_sample() {
    let extraction = whole(&file(100, |_| 0.0));
    let interpretation = extraction.interpretation;
    assert_eq!(interpretation.container, "kiwi wav");
    assert_eq!(interpretation.sample_rate_source, "kiwi stamps");
    // Stamps are whole nanoseconds: half of one in eight blocks of 42.7 ms each is 0.00002 Hz.
    assert!(
        (interpretation.sample_rate_hz - RATE).abs() < 1e-4,
        "{interpretation:?}"
    );
    let stamps = extraction.info.gps_stamps.unwrap();
    assert_eq!(
        (stamps.stamps, stamps.stale_stamps, stamps.oldest_solution_s),
        (100, 0, 5)
    );
    assert!(
        (stamps.measured_sample_rate_hz.unwrap() - RATE).abs() < 1e-5,
        "{stamps:?}"
    );
    assert!(
        (stamps.first_sample_gps_week_s.unwrap() - BEGUN_S).abs() < 2e-9,
        "{stamps:?}"
    );
    assert!(stamps.largest_deviation_samples < 0.001, "{stamps:?}");
    assert_eq!(extraction.info.anomalies, []);
    assert_eq!(extraction.samples_used + extraction.samples_left_over, 100 * 512);
    let segment = serde_json::to_value(&extraction.info).unwrap();
    assert_eq!(segment["gps_stamps"]["stamps"], 100);
}

#[test]
fn stale_stamps_at_the_start_are_no_gap() {
    let good = whole(&file(100, |_| 0.0));
    for stale in 1..=2 {
        for age in [-567.0, -3.0, -90_000.0, 3600.0, 2.0] {
            let extraction = whole(&file(100, |block| if block < stale { age } else { 0.0 }));
            let case = format!("{stale} stale by {age} s");
            assert_eq!(extraction.samples_lost, 0, "{case}");
            assert_eq!(extraction.info.anomalies, [], "{case}");
            assert_eq!(extraction.segments.len(), good.segments.len(), "{case}");
            let stamps = extraction.info.gps_stamps.unwrap();
            assert_eq!(stamps.stale_stamps, stale as u64, "{case}");
            let first = stamps.first_sample_gps_week_s.unwrap();
            assert!((first - BEGUN_S).abs() < 1e-7, "{case}: {first}");
        }
    }
    // A zero stamp, from a receiver that has not sent IQ before.
    let zero = file_of(100, |block| {
        if block == 0 {
            0
        } else {
            ((BEGUN_S + seconds((block * BLOCK) as f64)) * 1e9) as i64
        }
    });
    assert_eq!(whole(&zero).info.gps_stamps.unwrap().stale_stamps, 1);
}

#[test]
fn lost_blocks_are_gaps_of_as_many_samples_and_move_no_segment() {
    // Early, before the rate is settled, and late.
    for at in [3, 4, 7, 60] {
        let lost = 3 * BLOCK;
        let extraction = whole(&file(200, |block| if block >= at { seconds(lost as f64) } else { 0.0 }));
        let gap = Gap {
            at_sample: (at * BLOCK) as u64,
            lost_samples: lost as u64,
        };
        assert_eq!(extraction.info.gaps, [gap]);
        assert_eq!((extraction.samples_lost, extraction.info.num_gaps), (lost as u64, 1));
        let hit = (at * BLOCK) / 12_000;
        for segment in &extraction.segments {
            let is_hit = segment.quality.lost_samples > 0;
            assert_eq!(is_hit, segment.segment_index == hit as u64, "{at}");
            assert_eq!(segment.quality.warnings.contains(&Warning::Gap), is_hit);
            assert!(!segment.quality.warnings.contains(&Warning::Dropout));
        }
        let stamps = extraction.info.gps_stamps.unwrap();
        assert_eq!(stamps.stale_stamps, 0);
        let rate = stamps.measured_sample_rate_hz.unwrap();
        assert!((rate - RATE).abs() < 1e-4, "the gap is no part of the rate: {rate}");
        assert_eq!(extraction.segments.len(), 9);
    }
}

#[test]
fn a_clock_jump_moves_no_segment() {
    for jump in [-5.0, 700.0, 50_000.0] {
        let extraction = whole(&file(100, |block| if block >= 50 { jump } else { 0.0 }));
        assert_eq!(extraction.samples_lost, 0);
        let [Anomaly::ClockJump { at_sample, by_s }] = extraction.info.anomalies[..] else {
            panic!("{:?}", extraction.info.anomalies)
        };
        assert_eq!(at_sample, 50 * 512);
        assert!((by_s - jump).abs() < 1e-3, "{by_s} for {jump}");
        assert_eq!(extraction.segments.len(), 5);
    }
}

#[test]
fn the_end_of_the_week_is_no_clock_jump() {
    let week = 7.0 * 86_400.0;
    let extraction = whole(&file_of(100, |block| {
        ((week - 1.5 + seconds((block * BLOCK) as f64)) * 1e9) as i64
    }));
    assert_eq!((extraction.samples_lost, extraction.info.anomalies.len()), (0, 0));
    let stamps = extraction.info.gps_stamps.unwrap();
    assert!((stamps.first_sample_gps_week_s.unwrap() - (week - 1.5)).abs() < 1e-6);
    assert!((stamps.measured_sample_rate_hz.unwrap() - RATE).abs() < 1e-4);
}

#[test]
fn without_usable_stamps_the_rate_of_the_header_is_used_and_noted() {
    let never = |_: usize| 0_i64;
    let same = |_: usize| 124_934_000_000_000_i64;
    let backwards = |block: usize| 124_934_000_000_000 - 42_000_000 * block as i64;
    for time_ns in [&never as &dyn Fn(usize) -> i64, &same, &backwards] {
        let extraction = whole(&file_of(100, time_ns));
        assert_eq!(extraction.interpretation.sample_rate_source, "wav header");
        assert_eq!(extraction.interpretation.sample_rate_hz.to_bits(), 12_001_f64.to_bits());
        assert_eq!(extraction.samples_lost, 0);
        let [Anomaly::NoRateFromStamps { .. }] = extraction.info.anomalies[..] else {
            panic!("{:?}", extraction.info.anomalies)
        };
        assert_eq!(extraction.samples_used + extraction.samples_left_over, 100 * 512);
        assert_eq!(extraction.info.gps_stamps.unwrap().measured_sample_rate_hz, None);
    }
}

#[test]
fn a_short_recording_uses_the_few_stamps_that_it_has() {
    // Six blocks are a little more than one chunk. They have five intervals.
    let extraction = whole(&file(6, |block| if block == 0 { -300.0 } else { 0.0 }));
    assert_eq!(extraction.interpretation.sample_rate_source, "kiwi stamps");
    assert!((extraction.interpretation.sample_rate_hz - RATE).abs() < 1e-3);
    assert_eq!(extraction.totals.num_chunks, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stamps_give_the_same_for_any_division_of_the_bytes_and_every_sample_is_counted(
        blocks in 1_usize..60,
        late in prop::collection::vec(
            prop_oneof![6 => Just(0.0), 1 => -700.0..700.0, 1 => 0.0..0.5], 60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let bytes = file(blocks, |block| late[..=block].iter().sum());
        let whole = extract([&bytes[..]]);
        prop_assert_eq!(&extract(divide(&bytes, &cuts)), &whole);
        if let Ok(extraction) = whole {
            prop_assert_eq!(extraction.samples_used + extraction.samples_left_over, (blocks * BLOCK) as u64);
            prop_assert_eq!(extraction.info.gps_stamps.unwrap().stamps, blocks as u64);
        }
    }
}
