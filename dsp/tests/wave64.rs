//! Sony Wave64 files, in pieces of any size.

#[path = "support/pieces.rs"]
mod pieces;
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    reason = "other tests use the other functions"
)]
mod support;
#[path = "support/tone.rs"]
mod tone;

use heimdall_dsp::{Anomaly, Error, Hints, SampleFormat};
use pieces::{divide, extract};
use proptest::prelude::*;
use support::fmt;
use tone::{assert_tone, tone, tone_ci16};

const RATE: u32 = 2000;
const SAMPLES: u32 = 2501;
const RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
const LIST: [u8; 16] = *b"list\x2f\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
const MARKER: [u8; 16] = *b"\x56\x62\xf7\xab\x2d\x39\xd2\x11\x86\xc7\0\xc0\x4f\x8e\xdb\x8a";

fn guid(name: [u8; 4]) -> [u8; 16] {
    let mut guid = *b"....\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";
    guid[..4].copy_from_slice(&name);
    guid
}

/// A chunk with this length in its header, padded to a multiple of eight bytes.
fn with_length(guid: [u8; 16], length: u64, body: &[u8]) -> Vec<u8> {
    let mut chunk = [&guid[..], &length.to_le_bytes(), body].concat();
    chunk.resize(chunk.len().next_multiple_of(8), 0);
    chunk
}

fn chunk(guid: [u8; 16], body: &[u8]) -> Vec<u8> {
    with_length(guid, body.len() as u64 + 24, body)
}

fn file_of(length: Option<u64>, chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [guid(*b"wave").to_vec(), chunks.concat()].concat();
    let length = length.unwrap_or(body.len() as u64 + 24);
    [&RIFF[..], &length.to_le_bytes(), &body].concat()
}

/// The body of a `fmt ` chunk.
fn layout(tag: u16, bits: u16) -> Vec<u8> {
    fmt(tag, bits, RATE)[8..].to_vec()
}

/// The tone in a format: tag, bits, bytes.
#[expect(clippy::cast_possible_truncation, reason = "the formats have fewer bits")]
fn tones() -> [(u16, u16, SampleFormat, Vec<u8>); 4] {
    let wide = |from: usize, scale: f64| -> Vec<u8> {
        let words = tone(SAMPLES).map(|value| ((value * scale).round() as i32).to_le_bytes());
        words.flat_map(|word| word[from..].to_vec()).collect()
    };
    let floats = tone(SAMPLES).flat_map(|value| (value as f32).to_le_bytes()).collect();
    [
        (1, 16, SampleFormat::Ci16Le, tone_ci16(SAMPLES)),
        (1, 24, SampleFormat::Ci24Le, wide(1, 2_147_483_648.0)),
        (1, 32, SampleFormat::Ci32Le, wide(0, 2_147_483_648.0)),
        (3, 32, SampleFormat::Cf32Le, floats),
    ]
}

#[test]
fn every_sample_format_is_read_between_other_chunks() {
    for (tag, bits, format, data) in tones() {
        let file = file_of(
            None,
            &[
                chunk(MARKER, b"seven b"),
                chunk(guid(*b"fmt "), &layout(tag, bits)),
                chunk(guid(*b"fact"), &[0; 8]),
                chunk(guid(*b"data"), &data),
                chunk(LIST, b"INFO and more"),
                chunk(MARKER, &[1; 21]),
            ],
        );
        for step in [1, 7, 999, file.len()] {
            let found = extract(Hints::default(), file.chunks(step)).expect("features");
            assert_tone(&found, SAMPLES, f64::from(RATE));
            let used = found.interpretation;
            assert_eq!((used.container, used.format), ("wave64", format));
            assert_eq!(
                (used.format_source, used.sample_rate_source),
                ("wav header", "wav header")
            );
            assert_eq!(
                found.info,
                heimdall_dsp::RecordingInfo::default(),
                "in pieces of {step}"
            );
        }
    }
}

#[test]
fn wrong_lengths_are_reported_with_both_numbers_and_lose_no_sample() {
    let data = tone_ci16(SAMPLES);
    let actual = data.len() as u64;
    for length in [
        None,
        Some(0),
        Some(24),
        Some(u64::MAX),
        Some(i64::MAX as u64),
        Some(5000),
    ] {
        for (in_header, announced) in [
            (0, 0),
            (24, 0),
            (424, 400),
            (431, 407),
            (u64::MAX, u64::MAX - 24),
            (i64::MAX as u64, i64::MAX as u64 - 24),
            (actual + 1024, actual + 1000),
        ] {
            let parts = [
                chunk(guid(*b"fmt "), &layout(1, 16)),
                with_length(guid(*b"data"), in_header, &data)[..24 + data.len()].to_vec(),
            ];
            let file = file_of(length, &parts);
            for step in [19, file.len()] {
                let found = extract(Hints::default(), file.chunks(step)).expect("features");
                assert_tone(&found, SAMPLES, f64::from(RATE));
                assert_eq!(found.info.anomalies, [Anomaly::DataLength { announced, actual }]);
            }
        }
    }
}

#[test]
fn padding_at_the_end_may_be_missing() {
    let data = tone_ci16(SAMPLES);
    for missing in 0..=4 {
        let mut file = file_of(
            None,
            &[chunk(guid(*b"fmt "), &layout(1, 16)), chunk(guid(*b"data"), &data)],
        );
        file.truncate(file.len() - missing);
        let found = extract(Hints::default(), [&file[..]]).expect("features");
        assert_tone(&found, SAMPLES, f64::from(RATE));
        assert_eq!(found.info.anomalies, []);
    }
}

#[test]
fn a_file_without_iq_is_refused_with_the_reason() {
    let error = |object: &[u8]| extract(Hints::default(), [object]).unwrap_err().to_string();
    let mut mono = layout(1, 16);
    mono[2] = 1;
    let file = file_of(
        None,
        &[chunk(guid(*b"fmt "), &mono), chunk(guid(*b"data"), &tone_ci16(500))],
    );
    assert!(error(&file).starts_with("Invalid IQ data format: wave64 header: 1 channel"));
    let file = file_of(None, &[chunk(guid(*b"data"), &tone_ci16(500))]);
    assert!(error(&file).ends_with("the data chunk comes before the fmt chunk"));
    let file = file_of(None, &[chunk(guid(*b"fmt "), &layout(1, 16))]);
    assert!(error(&file).contains("no samples"), "{}", error(&file));
    let other = [&RIFF[..], &[0; 600]].concat();
    let expected = Error::NotARecording {
        looks_like: "a Sony Wave64 file without wave in it",
    };
    assert_eq!(extract(Hints::default(), [&other[..]]), Err(expected));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_division_of_the_bytes_changes_nothing(length: u64, at: prop::sample::Index, cut in 0_usize..3000, places in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let parts = [
            chunk(guid(*b"fmt "), &layout(1, 16)),
            with_length(guid(*b"data"), [length, length % 5000][at.index(2)], &tone_ci16(600)),
            chunk(MARKER, b"seven b"),
        ];
        let mut file = file_of(None, &parts);
        file.truncate(file.len().saturating_sub(cut));
        prop_assert_eq!(extract(Hints::default(), divide(&file, &places)), extract(Hints::default(), [&file[..]]));
    }
}
