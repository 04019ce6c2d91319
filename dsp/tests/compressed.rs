//! Compressed recordings, in pieces of any size.

#[path = "support/compress.rs"]
mod compress;
#[path = "support/pieces.rs"]
mod pieces;
#[path = "support/tone.rs"]
mod tone;

use compress::{EXTENSIONS, compress};
use heimdall_dsp::{
    CompressedTail, Compression, Error, Extraction, Hints, MAX_SIGMF_TAIL_BYTES, Recording, SampleFormat, Warning,
    Workspace,
};
use pieces::{divide, extract};
use proptest::prelude::*;
use tone::{assert_tone, tone_ci16};

const RATE: f64 = 2000.0;
const SAMPLES: u32 = 2500;

fn named(name: &str) -> Hints {
    let mut hints = Hints::default();
    hints.add_file_name(name);
    hints
}

/// The word for `extraction_metadata` of an extension.
fn compression_of(extension: &str) -> Compression {
    Compression::split_file_name(&format!("x.{extension}"))
        .1
        .expect("a compression")
}

#[test]
fn the_name_of_what_was_compressed_has_format_and_rate() {
    let samples = tone_ci16(SAMPLES);
    let plain = extract(named("x_2k.cs16"), [&samples[..]]).expect("features");
    assert_tone(&plain, SAMPLES, RATE);
    assert_eq!(plain.info.compression, None);
    for extension in EXTENSIONS {
        let object = compress(extension, &samples);
        for step in [1, 13, 4096, object.len()] {
            let found = extract(named(&format!("x_2k.cs16.{extension}")), object.chunks(step)).expect("features");
            assert_tone(&found, SAMPLES, RATE);
            assert_eq!(found.segments, plain.segments, "{extension} in pieces of {step}");
            assert_eq!(found.interpretation, plain.interpretation);
            assert_eq!(found.interpretation.sample_rate_source, "file name");
            assert_eq!(found.info.compression, Some(compression_of(extension).name()));
            assert_eq!(found.info.decompressed_bytes, Some(samples.len() as u64));
            assert_eq!(found.inconsistencies, []);
        }
    }
}

#[test]
fn the_bytes_decide_and_a_name_or_an_encoding_that_contradicts_them_is_a_warning() {
    let samples = tone_ci16(SAMPLES);
    let object = compress("gz", &samples);
    let hints = |encoding: &str| {
        let mut hints = named("x_2k.cs16");
        hints.add_content_encoding(encoding);
        hints
    };
    for encoding in ["gzip", "aws-chunked,gzip", "x-gzip", "", "identity"] {
        let found = extract(hints(encoding), [&object[..]]).expect("features");
        assert_tone(&found, SAMPLES, RATE);
        assert_eq!(found.inconsistencies, [], "{encoding}");
    }
    for (hints, object, text) in [
        (
            hints("gzip"),
            &samples,
            "Content-Encoding says gzip, the object is not compressed",
        ),
        (
            named("x_2k.cs16.xz"),
            &samples,
            "extension says xz, the object is not compressed",
        ),
        (
            named("x_2k.cs16.bz2"),
            &object,
            "extension says bzip2, the object is gzip-compressed",
        ),
    ] {
        let found = extract(hints, [&object[..]]).expect("features");
        assert_tone(&found, SAMPLES, RATE);
        assert_eq!(found.inconsistencies.len(), 1);
        assert_eq!(found.inconsistencies[0].text, text);
        assert_eq!(found.inconsistencies[0].warning, Warning::FormatDoubtful);
    }
}

#[test]
fn containers_are_read_through_a_compression() {
    let samples = tone_ci16(SAMPLES);
    let length = u32::try_from(samples.len()).expect("short");
    let header = [
        &b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0"[..],
        &2000_u32.to_le_bytes(),
        &8000_u32.to_le_bytes(),
        b"\x04\0\x10\0data",
        &length.to_le_bytes(),
    ];
    let file = [&header.concat()[..], &samples].concat();
    for extension in EXTENSIONS {
        let found = extract(Hints::default(), compress(extension, &file).chunks(99)).expect("features");
        assert_tone(&found, SAMPLES, RATE);
        assert_eq!(found.interpretation.container, "wav");
    }
}

#[test]
fn a_compressed_object_in_a_compressed_object_is_refused() {
    let samples = tone_ci16(SAMPLES);
    for outer in EXTENSIONS {
        for inner in EXTENSIONS {
            let object = compress(outer, &compress(inner, &samples));
            let expected = Error::CompressedTwice {
                outer: compression_of(outer),
                inner: compression_of(inner),
            };
            assert_eq!(extract(Hints::default(), object.chunks(50)), Err(expected));
        }
    }
}

#[test]
fn truncated_data_and_trailing_bytes_are_errors_with_the_bytes_that_came_out() {
    let samples = tone_ci16(SAMPLES);
    for extension in EXTENSIONS {
        let object = compress(extension, &samples);
        let name = compression_of(extension);
        let error = |object: &[u8]| extract(named("x_2k.cs16"), object.chunks(700)).unwrap_err().to_string();
        let text = error(&[&object[..], b"rest"].concat());
        assert!(
            text.starts_with(&format!("Invalid IQ data format: {name}-compressed: ")),
            "{text}"
        );
        assert!(text.ends_with("(10000 bytes came out before)"), "{text}");
        let text = error(&object[..object.len() - 2]);
        // The decoder of zstd holds its window back until the frame ends.
        let bytes_out = if extension == "zst" { 0 } else { samples.len() };
        let problem = "the compressed data end too early";
        assert_eq!(
            text,
            format!("Invalid IQ data format: {name}-compressed: {problem} ({bytes_out} bytes came out before)")
        );
    }
}

#[test]
fn the_limit_counts_what_comes_out() {
    let zeros = vec![1; 800_000];
    for extension in EXTENSIONS {
        let object = compress(extension, &zeros);
        assert!(object.len() < 20_000, "{extension}: {} bytes", object.len());
        let mut workspace = Workspace::new();
        let mut recording = Recording::new(named("x_2k.cs8")).with_limit(799_999);
        let error = recording.push(&object, &mut workspace).unwrap_err();
        assert_eq!(error.kind(), "too_large");
        assert_eq!(
            error.to_string(),
            format!(
                "IQ file too large: more than 799999 bytes come out of its {} compression, which is the limit",
                compression_of(extension)
            )
        );
        let mut recording = Recording::new(named("x_2k.cs8")).with_limit(800_000);
        let mut rest = &object[..];
        let mut most = 0;
        while recording
            .push_part(&mut rest, &mut workspace)
            .expect("within the limit")
        {
            most = most.max(recording.take_segments().len());
        }
        // A segment has 4000 bytes. The first 16 bytes can give up to 256 KiB.
        assert!(most <= 66, "{most} segments at a time");
        let extraction = recording.finish(&mut workspace).expect("features");
        assert_eq!(extraction.totals.num_segments, 200);
    }
}

fn archive(files: [(&str, &[u8]); 2]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let added = builder.append_data(&mut header, name, content);
        added.expect("a write to memory");
    }
    builder.into_inner().expect("a write to memory")
}

/// Reads an archive, and twice more if the metadata are at its end.
fn extract_archive(object: &[u8], step: usize) -> Result<Extraction, Error> {
    match extract(Hints::default(), object.chunks(step)) {
        Err(Error::MetadataAfterSamples {
            at,
            compression: Some(compression),
        }) => {
            let mut tail = CompressedTail::new(compression, at, 1_000_000);
            for piece in object.chunks(step) {
                if !tail.push(piece)? {
                    break;
                }
            }
            let mut hints = Hints::default();
            hints.read_archive_tail(&tail.into_bytes())?;
            extract(hints, object.chunks(step))
        }
        other => other,
    }
}

#[test]
fn a_compressed_archive_is_read_wherever_its_metadata_are() {
    let samples = tone_ci16(SAMPLES);
    let meta = br#"{"global": {"core:datatype": "ci16_le", "core:sample_rate": 2000, "core:version": "1.2.0"},
        "captures": [{"core:sample_start": 0, "core:frequency": 145500000}], "annotations": []}"#;
    let (meta, data) = (("x.sigmf-meta", &meta[..]), ("x.sigmf-data", &samples[..]));
    for extension in EXTENSIONS {
        for files in [[meta, data], [data, meta]] {
            let object = compress(extension, &archive(files));
            for step in [37, object.len()] {
                let found = extract_archive(&object, step).expect("features");
                assert_tone(&found, SAMPLES, RATE);
                assert_eq!(found.interpretation.container, "sigmf");
                assert_eq!(found.interpretation.format, SampleFormat::Ci16Le);
                assert_eq!(found.info.centre_frequency_hz, Some(145_500_000.0));
            }
        }
    }
}

#[test]
fn the_tail_of_a_compressed_archive_is_bounded() {
    let object = compress("gz", &vec![0; 20_000_000]);
    let mut tail = CompressedTail::new(Compression::Gzip, 1_000_000, u64::MAX);
    assert_eq!(tail.push(&object), Ok(false));
    assert_eq!(tail.into_bytes().len(), MAX_SIGMF_TAIL_BYTES);
    let mut tail = CompressedTail::new(Compression::Gzip, 19_000_000, 10_000_000);
    assert!(matches!(tail.push(&object), Err(Error::Expansion { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_division_of_the_bytes_changes_nothing(kind in 0_usize..4, places in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let object = compress(EXTENSIONS[kind], &tone_ci16(1000));
        let whole = extract(named("x_2k.cs16"), [&object[..]]);
        prop_assert!(whole.is_ok());
        prop_assert_eq!(extract(named("x_2k.cs16"), divide(&object, &places)), whole);
    }
}
