//! `SDRangel`'s files, in pieces of any size.

#[path = "support/pieces.rs"]
mod pieces;
#[path = "support/tone.rs"]
mod tone;

use heimdall_dsp::{Anomaly, Error, Hints, SampleFormat};
use pieces::{divide, extract};
use proptest::prelude::*;
use tone::{assert_tone, tone, tone_ci16};

const RATE: u32 = 2000;
const SAMPLES: u32 = 2500;
/// 2023-11-02T06:40:00.250Z.
const START_MS: u64 = 1_698_907_200_250;

fn fields(rate: u32, start: u64, bits: u32) -> Vec<u8> {
    [
        &rate.to_le_bytes()[..],
        &433_920_000_u64.to_le_bytes(),
        &start.to_le_bytes(),
        &bits.to_le_bytes(),
    ]
    .concat()
}

/// A header with filler and CRC.
fn header(rate: u32, start: u64, bits: u32) -> Vec<u8> {
    let mut bytes = fields(rate, start, bits);
    bytes.extend([0; 4]);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    bytes.extend(crc.sum().to_le_bytes());
    bytes
}

/// The tone as numbers of 24 bits in 32.
#[expect(clippy::cast_possible_truncation, reason = "the result has 24 bits")]
fn tone_wide(samples: u32) -> Vec<u8> {
    tone(samples)
        .flat_map(|value| ((value * 8_388_608.0).round() as i32).to_le_bytes())
        .collect()
}

#[test]
fn rate_frequency_time_and_width_come_from_the_header() {
    for (bits, samples, format) in [
        (16, tone_ci16(SAMPLES), SampleFormat::Ci16Le),
        (24, tone_wide(SAMPLES), SampleFormat::Ci24Le),
    ] {
        let file = [header(RATE, START_MS, bits), samples].concat();
        for step in [1, 3, 31, 33, 1000, file.len()] {
            let found = extract(Hints::default(), file.chunks(step)).expect("features");
            assert_tone(&found, SAMPLES, f64::from(RATE));
            let used = found.interpretation;
            assert_eq!((used.container, used.format), ("sdriq", format));
            assert_eq!(
                (used.format_source, used.sample_rate_source),
                ("sdriq header", "sdriq header")
            );
            assert_eq!(found.info.start_time.as_deref(), Some("2023-11-02T06:40:00.250Z"));
            assert_eq!(found.info.centre_frequency_hz, Some(433_920_000.0));
            assert_eq!((found.info.anomalies, found.inconsistencies), (vec![], vec![]));
        }
    }
}

#[test]
fn a_file_of_the_first_versions_has_no_checksum_and_seconds() {
    for (bits, samples) in [(16, tone_ci16(SAMPLES)), (24, tone_wide(SAMPLES))] {
        let file = [fields(RATE, START_MS / 1000, bits), samples].concat();
        let found = extract(Hints::default(), file.chunks(5)).expect("features");
        assert_tone(&found, SAMPLES, f64::from(RATE));
        assert_eq!(found.info.start_time.as_deref(), Some("2023-11-02T06:40:00.000Z"));
        assert_eq!(found.info.anomalies, [Anomaly::NoChecksum]);
    }
    // With a checksum, the time is in seconds too.
    let file = [header(RATE, START_MS / 1000, 16), tone_ci16(SAMPLES)].concat();
    let found = extract(Hints::default(), [&file[..]]).expect("features");
    assert_tone(&found, SAMPLES, f64::from(RATE));
    assert_eq!(found.info.start_time.as_deref(), Some("2023-11-02T06:40:00.000Z"));
    assert_eq!(found.info.anomalies, []);
}

#[test]
fn a_damaged_header_is_refused() {
    let samples = tone_ci16(SAMPLES);
    let mut damaged = header(RATE, START_MS, 16);
    damaged[5] ^= 1;
    let error = extract(Hints::default(), [&[&damaged[..], &samples].concat()[..]]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("Invalid IQ data format: sdriq header: its CRC-32 is ") && text.ends_with("is damaged"),
        "{text}"
    );
    let error = extract(
        Hints::default(),
        [&[&header(RATE, START_MS, 12)[..], &samples].concat()[..]],
    );
    assert!(error.unwrap_err().to_string().contains("samples of 12 bits"));
    let error = extract(
        Hints::default(),
        [&[&header(7, START_MS, 16)[..], &samples].concat()[..]],
    );
    assert!(matches!(error, Err(Error::SampleRate { .. })));
}

#[test]
fn a_file_that_ends_inside_a_sample_keeps_the_whole_ones() {
    for (bits, samples, left, sample_bytes) in [
        (16, tone_ci16(SAMPLES), 3_u64, 4_u64),
        (24, tone_wide(SAMPLES), 5, 8),
        (24, tone_wide(SAMPLES), 3, 8),
    ] {
        let file = [header(RATE, START_MS, bits), samples].concat();
        let cut = file.len() - usize::try_from(sample_bytes - left).expect("few");
        let found = extract(Hints::default(), file[..cut].chunks(9)).expect("features");
        assert_tone(&found, SAMPLES - 1, f64::from(RATE));
        let expected = Anomaly::PartialSample {
            at_byte: u64::from(SAMPLES - 1) * sample_bytes,
            bytes: left,
        };
        assert_eq!(found.info.anomalies, [expected]);
    }
}

#[test]
fn samples_that_resemble_a_header_are_samples() {
    for head in [
        fields(RATE, 17, 16),
        fields(RATE, START_MS / 1000, 8),
        fields(999, START_MS / 1000, 16),
        vec![0; 32],
    ] {
        let file = [&head[..], &tone_ci16(SAMPLES)].concat();
        let hints = Hints::default().with_format(SampleFormat::Ci16Le, "test");
        let found = extract(hints.with_sample_rate_hz(2000.0, "test"), [&file[..]]).expect("features");
        assert_eq!(found.interpretation.container, "none");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_division_of_the_bytes_changes_nothing(is_wide: bool, length in 0_usize..9000, places in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let (bits, samples) = if is_wide { (24, tone_wide(1100)) } else { (16, tone_ci16(2200)) };
        let file = [header(RATE, START_MS, bits), samples].concat();
        let file = &file[..length.min(file.len())];
        prop_assert_eq!(extract(Hints::default(), divide(file, &places)), extract(Hints::default(), [file]));
    }
}
