//! Real recordings are read as the README of their folder says. `HEIMDALL_IQ_CORPUS` names the
//! folder.

use std::path::{Path, PathBuf};

use heimdall_dsp::{Error, Extraction, Hints, Recording, SampleFormat, Warning, Workspace};
use heimdall_files::sigmf;

use crate::support::daemon::command;

/// The folder, if it is set.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HEIMDALL_IQ_CORPUS").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        println!("skipped: HEIMDALL_IQ_CORPUS is not set");
    }
    folder.map(PathBuf::from)
}

/// Extracts a file as `heimdalld extract` does, with its samples repeated `times` times.
fn extract(file: &Path, rate_hz: Option<f64>, times: usize) -> Result<Extraction, Error> {
    let mut hints = Hints::default();
    if let Some(rate_hz) = rate_hz {
        hints.add_sample_rate_hz(rate_hz, "argument");
    }
    hints.add_file_name(&file.to_string_lossy());
    let data = sigmf::resolve_sidecar(file, &mut hints).expect("usable metadata, or none");
    let bytes = std::fs::read(data).expect("a recording").repeat(times);
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    for piece in bytes.chunks(100_000) {
        recording.push(piece, &mut workspace)?;
    }
    recording.finish(&mut workspace)
}

fn assert_consistent(extraction: &Extraction, name: &str) {
    let inconsistencies = &extraction.inconsistencies;
    assert!(inconsistencies.is_empty(), "{name}: {inconsistencies:?}");
}

#[test]
fn names_headers_and_metadata_decide_how_real_recordings_are_read() {
    let Some(corpus) = corpus() else { return };
    let megahertz = Some(1e6);
    for (name, rate_hz, format, format_source, rate, rate_source) in [
        (
            "f1860M_1920k_rtlsdr.cu8",
            None,
            SampleFormat::Cu8,
            "extension",
            1_920_000.0,
            "file name",
        ),
        (
            "ism_elektromaten.cs8",
            megahertz,
            SampleFormat::Ci8,
            "extension",
            1e6,
            "argument",
        ),
        (
            "ism_ook_overshoot.cs8",
            megahertz,
            SampleFormat::Ci8,
            "extension",
            1e6,
            "argument",
        ),
        (
            "ism_enocean.cf32",
            Some(200_000.0),
            SampleFormat::Cf32Le,
            "extension",
            200_000.0,
            "argument",
        ),
    ] {
        let extraction = extract(&corpus.join(name), rate_hz, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        let used = extraction.interpretation;
        assert_eq!((used.format, used.format_source), (format, format_source), "{name}");
        assert!(
            (used.sample_rate_hz - rate).abs() < 1e-6,
            "{name}: {}",
            used.sample_rate_hz
        );
        assert_eq!(used.sample_rate_source, rate_source, "{name}");
        assert_consistent(&extraction, name);
    }
    for receiver in ["DF0KL", "F1JEK", "HB9RYZ"] {
        let name = format!("20171127T104156Z_77500_{receiver}_iq.wav");
        let extraction = extract(&corpus.join(&name), None, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(extraction.interpretation.format, SampleFormat::Ci16Le);
        let rate_hz = extraction.interpretation.sample_rate_hz;
        assert!((12_000.5..12_001.5).contains(&rate_hz), "{name}: {rate_hz}");
        assert_consistent(&extraction, &name);
    }
}

#[test]
fn a_sigmf_recording_is_read_from_either_of_its_files() {
    let Some(corpus) = corpus() else { return };
    for name in ["bpsk_01.sigmf-meta", "bpsk_01.sigmf-data"] {
        // 32 ms are less than a chunk. Repeated seven times, the file has features.
        let short = extract(&corpus.join(name), None, 1)
            .expect_err("less than a chunk")
            .to_string();
        assert_eq!(short, "Recording too short: 32768 samples, one chunk needs 204800");
        let extraction = extract(&corpus.join(name), None, 7).expect("features");
        let used = extraction.interpretation;
        assert_eq!(
            (used.format_source, used.sample_rate_source),
            ("SigMF sidecar", "SigMF sidecar")
        );
        assert!((used.sample_rate_hz - 1_024_000.0).abs() < 1e-6);
        let peak_hz = extraction.segments[0].features.frequency_offset_hz.mean;
        assert!((peak_hz - 100_000.0).abs() < 5.0, "{peak_hz}");
        assert_eq!(extraction.info.centre_frequency_hz, Some(2.45e9));
        assert_eq!(extraction.info.start_time.as_deref(), Some("2024-01-01T00:00:00Z"));
        assert_consistent(&extraction, name);
    }
}

#[test]
fn an_undeclared_header_is_reported() {
    let Some(corpus) = corpus() else { return };
    // At its own rate the recording is shorter than a chunk.
    let extraction = extract(&corpus.join("f1890M_1920k_128-byte-header.cu8"), Some(1e6), 1).expect("features");
    let warnings: Vec<&str> = extraction
        .inconsistencies
        .iter()
        .map(|inconsistency| inconsistency.text.as_str())
        .collect();
    assert!(
        warnings
            .iter()
            .any(|text| text.starts_with("the first 64 samples look like a header")),
        "{warnings:?}"
    );
    let warnings = &extraction.segments[0].quality.warnings;
    assert!(warnings.contains(&Warning::HeaderAsSamples), "{warnings:?}");
}

#[test]
fn the_command_takes_every_file_of_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&corpus)
        .expect("the corpus is readable")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            !["md", "txt"]
                .iter()
                .any(|text| path.extension().is_some_and(|own| own == *text))
        })
        .collect();
    files.sort();
    let output = command().arg("extract").args(&files).output().expect("the binary runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for short in [
        "bpsk_01.sigmf-data",
        "bpsk_01.sigmf-meta",
        "f1890M_1920k_128-byte-header.cu8",
        "modes1_1090M_2000k.cu8",
    ] {
        let says = |line: &&str| line.contains(short) && line.contains("Recording too short");
        assert_eq!(errors.lines().filter(says).count(), 1, "{short}: {errors}");
    }
    // One object for each, four of them with an error.
    assert_eq!(lines, files.len(), "{errors}");
}
