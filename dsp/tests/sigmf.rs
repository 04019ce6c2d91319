//! Recordings with `SigMF` metadata, in a file next to the samples and in an archive.

#![expect(clippy::float_cmp, reason = "rates and places are exact")]

use heimdall_dsp::{
    Error, Extraction, Gap, Hints, MAX_SIGMF_TAIL_BYTES, Recording, SampleFormat, Sigmf, Warning, Workspace,
};
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

/// Chunks of 400 samples.
const RATE: f64 = 2000.0;

fn extract(hints: Hints, bytes: &[u8], step: usize) -> Result<Extraction, Error> {
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    for piece in bytes.chunks(step) {
        recording.push(piece, &mut workspace)?;
    }
    recording.finish(&mut workspace)
}

/// Reads an archive, and a second time with the metadata if they are at its end.
fn extract_archive(bytes: &[u8], step: usize) -> Result<Extraction, Error> {
    match extract(Hints::default(), bytes, step) {
        Err(Error::MetadataAfterSamples { at, .. }) => {
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let tail = bytes.get(at..).unwrap_or_default();
            let mut hints = Hints::default();
            hints.read_archive_tail(&tail[..tail.len().min(MAX_SIGMF_TAIL_BYTES)])?;
            extract(hints, bytes, step)
        }
        other => other,
    }
}

/// A tone at 100 Hz in 16-bit integers.
fn tone(samples: u32) -> Vec<u8> {
    let components = (0..samples).flat_map(|n| {
        let (sin, cos) = (std::f64::consts::TAU * 100.0 * f64::from(n) / RATE).sin_cos();
        // Gives the tone as many codes as noise has.
        let dither = f64::from(n * n % 1009) / 10_000.0;
        [cos + dither, sin - dither]
    });
    #[expect(clippy::cast_possible_truncation, reason = "the result has 16 bits")]
    components
        .flat_map(|value| ((value * 10_000.0) as i16).to_le_bytes())
        .collect()
}

fn meta(global: &str, captures: &str) -> String {
    format!(
        "{{\"global\": {{\"core:datatype\": \"ci16_le\", \"core:sample_rate\": {RATE}, \"core:version\": \"1.2.0\"{global}}},
          \"captures\": [{captures}], \"annotations\": []}}"
    )
}

/// A tar file as most programs write it.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_entry_type(if name.ends_with('/') {
            EntryType::Directory
        } else {
            EntryType::Regular
        });
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, *content)
            .expect("a write to memory");
    }
    builder.into_inner().expect("a write to memory")
}

fn assert_tone(extraction: &Extraction, samples: u64) {
    assert_eq!(extraction.interpretation.format, SampleFormat::Ci16Le);
    assert_eq!(extraction.interpretation.sample_rate_hz, RATE);
    assert_eq!(extraction.samples_used + extraction.samples_left_over, samples);
    assert_eq!(extraction.segments[0].features.frequency_offset_hz.mean, 100.0);
}

#[test]
fn metadata_next_to_the_samples_count_more_than_other_hints() {
    let mut hints = Hints::default()
        .with_format(SampleFormat::Cu8, "column iq_data_format")
        .with_sample_rate_hz(48_000.0, "column iq_sample_rate");
    let captures = "{\"core:sample_start\": 0, \"core:frequency\": 145e6, \"core:datetime\": \"2026-01-02T03:04:05Z\"}";
    hints.set_sigmf(Sigmf::parse(meta("", captures).as_bytes()).unwrap(), "SigMF sidecar");
    let extraction = extract(hints, &tone(4000), 1000).unwrap();
    assert_tone(&extraction, 4000);
    assert_eq!(extraction.interpretation.format_source, "SigMF sidecar");
    assert_eq!(extraction.interpretation.sample_rate_source, "SigMF sidecar");
    let warnings = &extraction.segments[0].quality.warnings;
    for warning in [Warning::FormatDoubtful, Warning::SampleRateDoubtful] {
        assert!(warnings.contains(&warning), "{warnings:?}");
    }
    assert_eq!(extraction.info.centre_frequency_hz, Some(145e6));
    assert_eq!(extraction.info.start_time.as_deref(), Some("2026-01-02T03:04:05Z"));
}

#[test]
fn headers_between_captures_are_no_samples() {
    let global = ", \"core:dataset\": \"x.dat\", \"core:trailing_bytes\": 5";
    let captures =
        "{\"core:sample_start\": 0, \"core:header_bytes\": 7}, {\"core:sample_start\": 1001, \"core:header_bytes\": 9}";
    let meta = Sigmf::parse(meta(global, captures).as_bytes()).unwrap();
    let tone = tone(4000);
    let object = [&[0xff; 7][..], &tone[..4004], &[0xff; 9], &tone[4004..], &[0xff; 5]].concat();
    for step in [1, 13, 100_000] {
        let mut hints = Hints::default();
        hints.set_sigmf(meta.clone(), "SigMF sidecar");
        hints.set_object_bytes(Some(object.len() as u64));
        let extraction = extract(hints, &object, step).unwrap();
        assert_tone(&extraction, 4000);
        assert_eq!(extraction.inconsistencies, []);
    }
}

#[test]
fn a_jump_of_the_global_index_moves_no_segment() {
    let captures = "{\"core:sample_start\": 0, \"core:global_index\": 7000}, {\"core:sample_start\": 2000, \"core:global_index\": 11000}";
    let text = meta("", captures);
    let mut hints = Hints::default();
    hints.set_sigmf(Sigmf::parse(text.as_bytes()).unwrap(), "SigMF sidecar");
    let sidecar = extract(hints, &tone(4000), 1000).unwrap();
    let inside = extract_archive(
        &archive(&[("r/r.sigmf-meta", text.as_bytes()), ("r/r.sigmf-data", &tone(4000))]),
        999,
    )
    .unwrap();
    for extraction in [sidecar, inside] {
        let gap = Gap {
            at_sample: 2000,
            lost_samples: 2000,
        };
        assert_eq!(extraction.info.gaps, [gap]);
        assert_eq!(extraction.samples_lost, 2000);
        let indices: Vec<u64> = extraction.segments.iter().map(|found| found.segment_index).collect();
        assert_eq!(indices, [0, 2]);
    }
}

#[test]
fn an_archive_is_read_with_its_files_in_any_order() {
    let tone = tone(4000);
    let text = meta("", "{\"core:sample_start\": 0, \"core:frequency\": 145e6}");
    let named = meta(
        ", \"core:dataset\": \"raw.dat\"",
        "{\"core:sample_start\": 0, \"core:frequency\": 145e6}",
    );
    let long = format!("{}/r.sigmf-data", "long".repeat(50));
    let text = text.as_bytes();
    for files in [
        vec![("r/", &b""[..]), ("r/R.SIGMF-META", text), ("r/R.SIGMF-DATA", &tone)],
        // As the reference implementation in Python writes it.
        vec![("r/", b""), ("r/r.sigmf-data", &tone), ("r/r.sigmf-meta", text)],
        vec![("r/raw.dat", &tone), ("r/r.sigmf-meta", named.as_bytes())],
        vec![("r/r.sigmf-meta", named.as_bytes()), ("r/raw.dat", &tone)],
        vec![
            ("r/README", b"hello"),
            (&long, &tone),
            ("._r.sigmf-meta", b"\0\x05\x16\x07"),
            ("r.sigmf-meta", text),
        ],
    ] {
        let bytes = archive(&files);
        for step in [1, 511, 512, 4096, bytes.len()] {
            let extraction = extract_archive(&bytes, step).unwrap();
            assert_tone(&extraction, 4000);
            assert_eq!(extraction.interpretation.container, "sigmf");
            assert_eq!(extraction.interpretation.sample_rate_source, "SigMF archive");
            assert_eq!(extraction.info.centre_frequency_hz, Some(145e6));
            assert_eq!(extraction.inconsistencies, []);
        }
        // Some writers leave out the blocks of zeros at the end, or write more of them.
        let open = extract_archive(&bytes[..bytes.len() - 1024], 512).unwrap();
        assert_tone(&open, 4000);
        let padded = [&bytes[..], &[0; 9216]].concat();
        assert_tone(&extract_archive(&padded, 4096).unwrap(), 4000);
    }
}

fn sparse_archive(meta: &[u8], samples: &[u8]) -> Vec<u8> {
    let bytes = archive(&[("r.sigmf-meta", meta), ("r.sigmf-data", samples)]);
    let at = bytes.len() - 1024 - samples.len().next_multiple_of(512) - 512;
    let mut header = Header::from_byte_slice(&bytes[at..at + 512]).clone();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_cksum();
    [&bytes[..at], header.as_bytes(), &bytes[at + 512..]].concat()
}

#[test]
fn an_archive_that_cannot_be_read_is_refused_with_the_reason() {
    let tone = tone(800);
    let with = |global: &str| meta(global, "").into_bytes();
    let plain = &with("")[..];
    let sparse = sparse_archive(plain, &tone);
    let mut broken = archive(&[("r.sigmf-meta", plain), ("r.sigmf-data", &tone)]);
    broken[3] ^= 1;
    for (bytes, words) in [
        (
            archive(&[("a.txt", b"hello")]),
            "a tar archive without a SigMF recording",
        ),
        (archive(&[("r.sigmf-meta", plain)]), "no dataset for its metadata"),
        (
            archive(&[("r.sigmf-meta", &with(", \"core:metadata_only\": true"))]),
            "metadata only",
        ),
        (archive(&[("r.sigmf-data", &tone)]), "no .sigmf-meta where it should be"),
        (
            archive(&[("a.sigmf-meta", plain), ("b.sigmf-meta", plain)]),
            "more than one recording",
        ),
        (
            archive(&[
                ("a.sigmf-meta", plain),
                ("a.sigmf-data", &tone),
                ("b.sigmf-data", &tone),
            ]),
            "more than one dataset",
        ),
        (
            archive(&[
                ("a.sigmf-meta", &with(", \"core:dataset\": \"a.wav\"")),
                ("a.wav", &tone),
            ]),
            "put it into the bucket as it is",
        ),
        (
            archive(&[
                ("a.sigmf-meta", &with(", \"core:num_channels\": 4")),
                ("a.sigmf-data", &tone),
            ]),
            "4 interleaved channels",
        ),
        (
            archive(&[("a.sigmf-meta", &vec![b' '; (1 << 20) + 1]), ("a.sigmf-data", &tone)]),
            "over the limit of 1048576",
        ),
        (sparse, "sparse file"),
        (broken, "the entry at byte 0 is no tar header"),
    ] {
        let error = extract_archive(&bytes, 700).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let whole = archive(&[("r.sigmf-meta", plain), ("r.sigmf-data", &tone)]);
    let cut = extract_archive(&whole[..2048 + 700], 512).unwrap_err().to_string();
    let words = "it ends inside the dataset, 1988 bytes too early";
    assert!(cut.contains(words), "{cut}");
}

#[test]
fn a_wrong_size_takes_no_memory_and_no_time() {
    let text = meta("", "");
    let mut bytes = archive(&[("r.sigmf-meta", text.as_bytes()), ("r.sigmf-data", &tone(800))]);
    // 2^60 bytes in the binary form of sizes.
    let mut header = Header::from_byte_slice(&bytes[1024..1536]).clone();
    header.set_size(1 << 60);
    header.set_cksum();
    bytes[1024..1536].copy_from_slice(header.as_bytes());
    let error = extract_archive(&bytes, 512).unwrap_err().to_string();
    assert!(error.contains("bytes too early"), "{error}");
    // The same for a file that is skipped. Nothing can follow it.
    let mut bytes = archive(&[("x", b"y"), ("r.sigmf-meta", text.as_bytes())]);
    let mut header = Header::from_byte_slice(&bytes[..512]).clone();
    header.set_size(u64::MAX >> 1);
    header.set_cksum();
    bytes[..512].copy_from_slice(header.as_bytes());
    assert!(extract_archive(&bytes, 512).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_archive_gives_the_same_for_any_division_of_the_bytes_and_no_panic(
        damage in prop::collection::vec((0_usize..6_000, any::<u8>()), 0..8),
        cut in 0_usize..7_000,
        meta_first: bool,
        step in 1_usize..2_000,
    ) {
        let text = meta("", "{\"core:sample_start\": 0, \"core:header_bytes\": 4}, {\"core:sample_start\": 300, \"core:global_index\": 900}");
        let data = [&[0xff; 4][..], &tone(900)].concat();
        let mut files = [("r/r.sigmf-meta", text.as_bytes()), ("r/r.sigmf-data", &data[..])];
        if !meta_first {
            files.reverse();
        }
        let mut bytes = archive(&files);
        for (at, value) in damage {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(cut.max(600));
        prop_assert_eq!(extract_archive(&bytes, step), extract_archive(&bytes, bytes.len()));
    }
}
