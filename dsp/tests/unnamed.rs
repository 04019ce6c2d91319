//! Recordings whose rate, format or header no source names.

#![expect(clippy::float_cmp, reason = "rates are exact")]

#[path = "support/encoded.rs"]
mod encoded;

use encoded::{LEVEL_DBFS, RATE, TONE_HZ, assert_tone, dither, encoded, extract, hints, tone};
use heimdall_dsp::{Hints, SampleFormat, Sigmf, Warning};

/// 200 kHz where no source names a rate, and a warning in each row.
#[test]
fn a_rate_that_no_source_names_is_a_warning_of_every_segment() {
    let noise: Vec<f64> = (0..3 * 400_000).map(dither).map(|value| 100.0 * value).collect();
    let floats = encoded(&noise, SampleFormat::Cf32Le);
    let mut sigmf = Hints::default();
    sigmf.set_sigmf(
        Sigmf::parse(br#"{"global": {"core:datatype": "cf32_le"}}"#).unwrap(),
        "SigMF sidecar",
    );
    let mut doubtful = Hints::default();
    doubtful.add_file_name("x_48k_96k.cf32");
    let header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x02\0\0\0\0\0\0\0\0\0\x08\0\x20\0data\0\0\0\0";
    let wav = [&header[..], &floats].concat();
    for (hints, bytes, words) in [
        (
            Hints::default(),
            &floats,
            "no source names the sample rate: 200000 Hz was assumed",
        ),
        (sigmf, &floats, "no source names the sample rate"),
        (Hints::default(), &wav, "no source names the sample rate"),
        (doubtful, &floats, "the file name has 48k (48000 Hz) and 96k (96000 Hz)"),
    ] {
        let extraction = extract(hints, [&bytes[..]]).unwrap();
        assert_eq!(extraction.interpretation.sample_rate_hz, 200_000.0);
        assert_eq!(extraction.segments.len(), 3);
        for segment in &extraction.segments {
            assert_eq!(segment.quality.warnings, [Warning::SampleRateAssumed]);
        }
        let text = &extraction.inconsistencies[0].text;
        assert!(
            text.starts_with(words) && text.contains("iq_sample_rate or --sample-rate"),
            "{text}"
        );
    }
}

#[test]
fn the_header_of_rtl_tcp_is_no_sample() {
    let samples = encoded(&tone(false, 2000, TONE_HZ), SampleFormat::Cu8);
    let without = extract(hints(SampleFormat::Cu8, RATE), [&samples[..]]).unwrap();
    let file = [&b"RTL0\0\0\0\x05\0\0\0\x1d"[..], &samples].concat();
    for (name, source) in [("x.cu8", "extension"), ("x.bin", "rtl_tcp header")] {
        let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
        hints.add_file_name(name);
        for cuts in [vec![], vec![5], vec![11, 12, 13]] {
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([file.len()]) {
                pieces.push(&file[from..cut]);
                from = cut;
            }
            let extraction = extract(hints.clone(), pieces).unwrap();
            assert_eq!(extraction.segments, without.segments);
            let used = extraction.interpretation;
            assert_eq!((used.container, used.format_source), ("rtl_tcp", source));
            assert_eq!(
                extraction.info.anomalies[0].to_string(),
                "the header of rtl_tcp was left out, 12 bytes"
            );
        }
    }
}

/// 16-bit integers under a name that says nothing are refused with the setting that reads them.
#[test]
fn integers_without_a_name_are_refused_with_the_format_to_set() {
    let noise: Vec<f64> = (0..100_000).map(dither).map(|value| 300.0 * value).collect();
    for name in ["x.iq", "x.bin", "x.dat", "x.raw"] {
        let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
        hints.add_file_name(name);
        let bytes = encoded(&noise, SampleFormat::Ci16Le);
        let error = extract(hints, [&bytes[..]]).unwrap_err().to_string();
        let advice = "looks like ci16_le, 16-bit integers read as complex64; \
                      --format ci16_le or the column iq_data_format reads them";
        assert!(error.ends_with(advice), "{error}");
    }
}

#[test]
fn a_metadata_header_of_gnu_radio_is_named_unless_metadata_describe_it() {
    let mut file = b"\x07\x09\x02\0\x07rx_rate\x04\x40\x9f\x40\0\0\0\0\0".to_vec();
    file.resize(149, 0);
    file.extend(encoded(&tone(false, 2000, TONE_HZ), SampleFormat::Cf32Le));
    let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
    hints.add_file_name("x.cfile");
    let error = extract(hints.clone(), [&file[..]]).unwrap_err().to_string();
    assert!(error.contains("a GNU Radio file with metadata headers"), "{error}");
    let text = br#"{"global": {"core:datatype": "cf32_le", "core:dataset": "x.cfile"},
                    "captures": [{"core:sample_start": 0, "core:header_bytes": 149}]}"#;
    hints.set_sigmf(Sigmf::parse(text).unwrap(), "SigMF sidecar");
    hints.set_object_bytes(Some(file.len() as u64));
    let extraction = extract(hints, [&file[..]]).unwrap();
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], "described");
}

/// Packets of VITA-49 whose payload is no complex64, or whose length is no multiple of a sample.
#[test]
fn packets_between_the_samples_are_named() {
    let noise: Vec<f64> = (0..60_000).map(dither).map(|value| 300.0 * value).collect();
    let payload = encoded(&noise, SampleFormat::Ci16Be);
    for words in [257_u32, 358] {
        let mut file = Vec::new();
        for (number, part) in (0_u32..).zip(payload.chunks_exact(4 * words as usize - 8)) {
            file.extend((0x1000_0000_u32 | (number % 16) << 16 | words).to_be_bytes());
            file.extend(77_u32.to_be_bytes());
            file.extend(part);
        }
        file.truncate(file.len() - 4);
        for rate in [RATE, 100.0 * RATE] {
            let hints = Hints::default().with_sample_rate_hz(rate, "argument");
            let error = extract(hints, [&file[..]]).unwrap_err().to_string();
            assert!(error.contains("a stream of VITA-49 (VRT) packets"), "{error}");
        }
    }
}

#[test]
fn other_compressions_and_streams_are_named() {
    for (start, name) in [
        (&b"\x04\x22\x4d\x18\x64\x40\xa7"[..], "compressed by lz4"),
        (b"LZIP\x01\x0c", "compressed by lzip"),
        (
            b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
            "compressed as .lzma",
        ),
        (b"\x5a\xb9\xf7\x2b\0\0\0\0", "frames of a KrakenSDR"),
    ] {
        let mut file = start.to_vec();
        file.extend(encoded(&tone(false, 2000, TONE_HZ), SampleFormat::Ci16Le));
        let error = extract(Hints::default(), [&file[..]]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
