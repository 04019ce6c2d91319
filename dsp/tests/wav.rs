//! Valid and invalid WAV files, in pieces of any size.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "tests make their own small input"
)]

#[path = "support/pieces.rs"]
mod pieces;
mod support;

use heimdall_dsp::{Anomaly, Error, Extraction, Hints, SampleFormat};
use pieces::divide;
use proptest::prelude::*;
use support::{chunk, fmt, riff, wave_16, with_length};

/// Chunks of 200 samples, segments of 1000.
const RATE: u32 = 1000;

fn extract<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    pieces::extract(Hints::default(), pieces)
}

fn whole(bytes: &[u8]) -> Extraction {
    extract([bytes]).expect("features")
}

/// The same samples without a container.
fn raw(format: SampleFormat, bytes: &[u8]) -> Extraction {
    let hints = Hints::default().with_format(format, "test");
    pieces::extract(hints.with_sample_rate_hz(f64::from(RATE), "test"), [bytes]).expect("features")
}

fn length(announced: u64, actual: u64) -> Anomaly {
    Anomaly::DataLength { announced, actual }
}

#[test]
fn every_sample_format_gives_the_same_as_samples_without_a_container() {
    let wave = || (0..2 * 1200).map(|i| (f64::from(i) * 0.7).sin());
    let bytes: Vec<u8> = wave().map(|v| ((127.5 + 100.0 * v) as i16).to_le_bytes()[0]).collect();
    let integers = |kept: std::ops::Range<usize>| -> Vec<u8> {
        let bytes = wave().map(|v| ((2.0_f64.powi(31) * 0.9 * v) as i32).to_le_bytes());
        bytes.flat_map(|bytes| bytes[kept.clone()].to_vec()).collect()
    };
    let floats: Vec<u8> = wave().flat_map(|v| (v as f32).to_le_bytes()).collect();
    let doubles: Vec<u8> = wave().flat_map(f64::to_le_bytes).collect();
    for (tag, bits, format, data) in [
        (1, 8, SampleFormat::Cu8, &bytes),
        (1, 16, SampleFormat::Ci16Le, &wave_16(1200)),
        (1, 24, SampleFormat::Ci24Le, &integers(1..4)),
        (1, 32, SampleFormat::Ci32Le, &integers(0..4)),
        (3, 32, SampleFormat::Cf32Le, &floats),
        (3, 64, SampleFormat::Cf64Le, &doubles),
    ] {
        let file = riff(&[
            fmt(tag, bits, RATE),
            chunk(*b"fact", &[0; 4]),
            chunk(*b"LIST", b"INFOISFT\x05\0\0\0seven"),
            chunk(*b"data", data),
            chunk(*b"LIST", b"INFO and more"),
        ]);
        let extraction = whole(&file);
        assert_eq!(extraction.segments, raw(format, data).segments, "{format}");
        let interpretation = extraction.interpretation;
        assert_eq!((interpretation.container, interpretation.format), ("wav", format));
        assert_eq!(interpretation.format_source, "wav header");
        assert_eq!(interpretation.sample_rate_source, "wav header");
        assert_eq!(interpretation.sample_rate_hz.to_bits(), f64::from(RATE).to_bits());
        assert_eq!(extraction.info, heimdall_dsp::RecordingInfo::default());
    }
}

#[test]
fn sixty_four_bit_files_take_their_lengths_from_ds64() {
    let data = wave_16(1300);
    for form in [b"RF64", b"BW64"] {
        let mut ds64 = 20_000_u64.to_le_bytes().to_vec();
        ds64.extend((data.len() as u64).to_le_bytes());
        ds64.extend([0; 12]);
        for length in [u32::MAX, 0] {
            let parts = [
                chunk(*b"ds64", &ds64),
                fmt(1, 16, RATE),
                with_length(*b"data", length, &data),
                chunk(*b"LIST", &[7; 300]),
            ];
            let file = [&form[..], &[0xff; 4], b"WAVE", &parts.concat()].concat();
            let found = whole(&file);
            assert_eq!(found.segments, raw(SampleFormat::Ci16Le, &data).segments);
            assert_eq!(found.interpretation.container.as_bytes(), form.to_ascii_lowercase());
            assert_eq!(found.info.anomalies, []);
        }
    }
}

#[test]
fn wrong_lengths_are_reported_with_both_numbers_and_lose_no_sample() {
    let data = wave_16(1300);
    let bytes = data.len() as u64;
    let expected = raw(SampleFormat::Ci16Le, &data);
    let file = |riff_length: u32, data_length: u32, after: &[u8]| {
        let head = [b"RIFF", &riff_length.to_le_bytes()[..], b"WAVE"].concat();
        [
            &head[..],
            &fmt(1, 16, RATE),
            &with_length(*b"data", data_length, &data),
            after,
        ]
        .concat()
    };
    let info = chunk(*b"LIST", b"INFO");
    // Lengths that an interrupted program leaves in the header, and others.
    for riff_length in [0, 36, u32::MAX, 4000] {
        for (data_length, after, announced) in [
            (0, &[][..], 0),
            (u32::MAX, &[], u64::from(u32::MAX)),
            // A length above 4 GiB, modulo 2^32, can be anything.
            (400, &[], 400),
            (401, &[], 401),
            (403, &[], 403),
            (1_000_000, &[], 1_000_000),
        ] {
            if data_length == 0 && riff_length == 4000 {
                continue;
            }
            let extraction = whole(&file(riff_length, data_length, after));
            let case = format!("{riff_length} {data_length}");
            assert_eq!(extraction.segments, expected.segments, "{case}");
            assert_eq!(extraction.samples_left_over, 100, "{case}");
            assert_eq!(extraction.info.anomalies, [length(announced, bytes)], "{case}");
        }
        // A known chunk after the samples is read even if it is beyond the end in the RIFF header.
        let extraction = whole(&file(riff_length, data.len() as u32, &info));
        assert_eq!(extraction.segments, expected.segments);
        assert_eq!(extraction.info.anomalies, []);
    }
    // A data chunk of length 0 is empty if the RIFF header says that more chunks follow.
    let later = riff(&[fmt(1, 16, RATE), chunk(*b"data", &[]), chunk(*b"data", &data)]);
    assert_eq!(whole(&later).segments, expected.segments);
    // An unknown chunk is skipped if it is before the end in the RIFF header.
    let vendor = riff(&[fmt(1, 16, RATE), chunk(*b"data", &data), chunk(*b"rcvr", &[1; 99])]);
    assert_eq!(whole(&vendor).segments, expected.segments);
    assert_eq!(whole(&vendor).info.anomalies, []);
}

#[test]
fn a_file_truncated_at_any_byte_is_read_up_to_its_end() {
    let data = wave_16(410);
    let file = riff(&[fmt(1, 16, RATE), chunk(*b"data", &data)]);
    let head = file.len() - data.len();
    for end in 0..file.len() {
        let result = extract([&file[..end]]);
        if end < head + 800 {
            let kind = result.unwrap_err().kind();
            // Twelve bytes identify a WAV file. Fewer are read as samples.
            if end >= 12 {
                let expected = if end < head { "invalid_format" } else { "too_short" };
                assert_eq!(kind, expected, "{end}");
            }
            continue;
        }
        let extraction = result.unwrap();
        let odd = (end - head) % 4;
        let samples = extraction.samples_used + extraction.samples_left_over;
        assert_eq!(samples, ((end - head) / 4) as u64);
        let cut = length(data.len() as u64, (end - head) as u64);
        let partial = Anomaly::PartialSample {
            at_byte: (end - head - odd) as u64,
            bytes: odd as u64,
        };
        assert_eq!(extraction.info.anomalies.contains(&partial), odd > 0, "{end}");
        assert!(extraction.info.anomalies.contains(&cut), "{end}");
    }
}

#[test]
fn padding_of_odd_chunks_is_optional_and_partial_samples_are_left_out() {
    let data = wave_16(600);
    let expected = raw(SampleFormat::Ci16Le, &data[..4 * 599]);
    let odd = &data[..4 * 599 + 3];
    for padding in [&[][..], &[0]] {
        let chunks = [
            fmt(1, 16, RATE),
            [&with_length(*b"note", 3, b"odd")[..], padding].concat(),
            [&with_length(*b"data", odd.len() as u32, odd)[..], padding].concat(),
            chunk(*b"LIST", b"INFO"),
        ];
        let extraction = whole(&riff(&chunks));
        assert_eq!(extraction.segments, expected.segments);
        assert_eq!(extraction.samples_left_over, expected.samples_left_over);
        let left_out = Anomaly::PartialSample {
            at_byte: 4 * 599,
            bytes: 3,
        };
        assert_eq!(extraction.info.anomalies, [left_out]);
    }
}

#[test]
fn time_and_frequency_of_an_auxi_chunk_are_kept() {
    let mut auxi = Vec::new();
    for field in [2017_u16, 11, 1, 27, 10, 41, 56, 7, 2017, 11, 1, 27, 10, 42, 26, 8] {
        auxi.extend(field.to_le_bytes());
    }
    auxi.extend(145_500_000_u32.to_le_bytes());
    auxi.resize(164, 0);
    let file = riff(&[fmt(1, 16, RATE), chunk(*b"auxi", &auxi), chunk(*b"data", &wave_16(400))]);
    let info = whole(&file).info;
    assert_eq!(info.start_time.as_deref(), Some("2017-11-27T10:41:56.007"));
    assert_eq!(info.stop_time.as_deref(), Some("2017-11-27T10:42:26.008"));
    assert_eq!(info.centre_frequency_hz, Some(145_500_000.0));
    let json = serde_json::to_value(&info).unwrap();
    assert_eq!(json["centre_frequency_hz"], 145_500_000.0);
    assert!(json.get("gps_stamps").is_none() && json.get("anomalies").is_none());
    // The same chunk after the samples.
    let after = riff(&[fmt(1, 16, RATE), chunk(*b"data", &wave_16(400)), chunk(*b"auxi", &auxi)]);
    assert_eq!(whole(&after).info, info);
    let xml = riff(&[
        fmt(1, 16, RATE),
        chunk(*b"auxi", b"<?xml version=\"1.0\"?><SDR-XML-Root xml:lang=\"EN\"/>"),
        chunk(*b"data", &wave_16(400)),
    ]);
    assert_eq!(whole(&xml).info, heimdall_dsp::RecordingInfo::default());
}

#[test]
fn a_file_without_iq_samples_is_refused_with_the_reason() {
    let of = |file: &[u8]| extract([file]).unwrap_err().to_string();
    let mut mono = fmt(1, 16, RATE);
    mono[10] = 1;
    let data = chunk(*b"data", &wave_16(400));
    assert_eq!(
        of(&riff(&[mono, data.clone()])),
        "Invalid IQ data format: wav header: 1 channel: IQ takes two, left is I and right is Q"
    );
    assert!(of(&riff(&[fmt(7, 8, RATE), data.clone()])).contains("mu-law (format 0x0007)"));
    assert!(of(&riff(&[data.clone(), fmt(1, 16, RATE)])).ends_with("the data chunk comes before the fmt chunk"));
    assert!(of(&riff(&[fmt(1, 16, RATE), chunk(*b"LIST", &[0; 40])])).contains("no samples in the object's 84 bytes"));
    let second = riff(&[fmt(1, 16, RATE), data.clone(), fmt(3, 32, RATE), data.clone()]);
    assert!(of(&second).ends_with("another format begins after the samples"));
    let slow = riff(&[fmt(1, 16, 8), data.clone()]);
    assert!(of(&slow).contains("sample rate 8 Hz (wav header)"), "{}", of(&slow));
    // A rate of 0 is no rate, so the next source counts.
    let silent = whole_with_rate(&riff(&[fmt(1, 16, 0), data]), 2000.0);
    assert_eq!(silent.interpretation.sample_rate_source, "column iq_sample_rate");
}

fn whole_with_rate(bytes: &[u8], rate: f64) -> Extraction {
    let hints = Hints::default().with_sample_rate_hz(rate, "column iq_sample_rate");
    pieces::extract(hints, [bytes]).expect("features")
}

/// Chunks with any name, length and body; most of them are valid.
fn any_chunk() -> impl Strategy<Value = Vec<u8>> {
    let ids = [
        *b"fmt ",
        *b"data",
        *b"ds64",
        *b"LIST",
        *b"auxi",
        *b"kiwi",
        *b"zzzz",
        *b"\0\xff\0a",
    ];
    let sensible = prop_oneof![
        Just(fmt(1, 16, RATE)),
        Just(fmt(3, 32, RATE)),
        Just(fmt(1, 24, RATE)),
        (0_usize..900).prop_map(|samples| chunk(*b"data", &wave_16(samples))),
        (0_usize..900).prop_map(|samples| with_length(*b"data", 0, &wave_16(samples))),
        (124_930_u32..124_940, 0_u32..1_100_000_000)
            .prop_map(|(s, ns)| chunk(*b"kiwi", &[&[3, 0][..], &s.to_le_bytes(), &ns.to_le_bytes()].concat())),
    ];
    let hostile = (
        prop::sample::select(ids.to_vec()),
        any::<u32>(),
        prop::collection::vec(any::<u8>(), 0..80),
    )
        .prop_map(|(id, length, body)| with_length(id, length, &body));
    prop_oneof![4 => sensible, 1 => hostile]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunks_give_the_same_for_any_division_of_the_bytes(
        form in prop::sample::select(vec![b"RIFF", b"RF64", b"BW64"]),
        riff_length: u32,
        chunks in prop::collection::vec(any_chunk(), 0..8),
        trailing in prop::collection::vec(any::<u8>(), 0..10),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let body = [fmt(1, 16, RATE), chunks.concat(), trailing].concat();
        let bytes = [&form[..], &riff_length.to_le_bytes(), b"WAVE", &body].concat();
        prop_assert_eq!(extract(divide(&bytes, &cuts)), extract([&bytes[..]]));
    }
}
