//! The tables of the dictionary.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use heimdall_dsp::{Hints, Recording, STANDARD_ERRORS, Set, Workspace, dictionary};
use serde_json::Value;

/// Recordings in `tests/golden`, and their sample rates in Hz.
const RECORDINGS: [(&str, f64); 3] = [
    ("noise_only_48k", 48_000.0),
    ("tone_20db_48k", 48_000.0),
    ("fm_12k5_200k", 200_000.0),
];

/// The tables of all sets, between blank lines.
pub(crate) fn tables() -> String {
    let segments = RECORDINGS.map(|(name, rate_hz)| first_segment(&golden(name), rate_hz));
    let mut text = String::from("\n");
    for set in Set::ALL {
        write!(text, "\n### {}\n\n", heading(set)).expect("text");
        text.push_str("| number | unit | definition | known bias and limits | source |\n");
        text.push_str("| --- | --- | --- | --- | --- |\n");
        let entries = || dictionary().filter(move |entry| entry.set == set);
        for entry in entries() {
            let cells = [entry.unit, entry.definition, entry.bias, entry.source].map(escape);
            writeln!(text, "| `{}` | {} |", entry.name, cells.join(" | ")).expect("text");
        }
        text.push_str("\nWhat it reads (mean over a segment):\n\n");
        text.push_str("| number | noise, 48 kHz | tone 20 dB, 48 kHz | FM 12.5 kHz, 200 kHz |\n");
        text.push_str("| --- | ---: | ---: | ---: |\n");
        for entry in entries() {
            let reads = segments.each_ref().map(|segment| reading(segment, set, entry.name));
            writeln!(text, "| `{}` | {} |", entry.name, reads.join(" | ")).expect("text");
        }
        if set == Set::Extended {
            text.push_str(&standard_errors(&segments));
        }
    }
    text.push('\n');
    text
}

/// The table of the standard errors.
fn standard_errors(segments: &[Value]) -> String {
    let mut text = String::from(
        "\nIts `standard_error` ([Standard errors](#standard-errors)) and what that reads for the same recordings:\n\n\
         | number | standard error of the mean | source | noise | tone | FM |\n\
         | --- | --- | --- | ---: | ---: | ---: |\n",
    );
    for error in STANDARD_ERRORS {
        let cells = [error.formula, error.source].map(escape).join(" | ");
        let reads: Vec<_> = segments
            .iter()
            .map(|segment| significant(segment["extended"][error.name]["standard_error"].as_f64()))
            .collect();
        writeln!(text, "| `{}` | {cells} | {} |", error.name, reads.join(" | ")).expect("text");
    }
    text
}

pub(crate) fn heading(set: Set) -> &'static str {
    match set {
        Set::Segment => "The segment",
        Set::Reference => "Reference features: the 17 numbers of the training data",
        Set::Extended => "Extended features (`extended`)",
        Set::Quality => "Quality (`quality`)",
    }
}

/// The text as a cell of a Markdown table, which a bar would end.
pub(crate) fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The number in this segment, with four significant digits.
fn reading(segment: &Value, set: Set, name: &str) -> String {
    let object = match set {
        Set::Segment | Set::Reference => segment,
        Set::Extended | Set::Quality => &segment[set.name()],
    };
    let value = &object[name];
    if let Some(flag) = value.as_bool() {
        return flag.to_string();
    }
    significant(value.as_f64().or_else(|| value["mean"].as_f64()))
}

fn significant(number: Option<f64>) -> String {
    let Some(number) = number else {
        return "-".to_owned();
    };
    if number == 0.0 {
        return "0".to_owned();
    }
    // Rounded to four significant digits, without zeros at the end.
    let rounded: f64 = format!("{number:.3e}").parse().expect("a number");
    rounded.to_string()
}

pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
        .with_extension("cf32")
}

pub(crate) fn first_segment(path: &Path, rate_hz: f64) -> Value {
    let bytes = fs::read(path).expect("a golden recording");
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate_hz, "argument"));
    recording.push(&bytes, &mut workspace).expect("samples");
    let extraction = recording.finish(&mut workspace).expect("features");
    serde_json::to_value(&extraction.segments[0]).expect("JSON")
}
