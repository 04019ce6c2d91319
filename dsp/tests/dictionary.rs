//! The documents that show the dictionary and the warnings agree with the crate: `dsp/README.md`,
//! with what each number reads for three known recordings, and the COMMENT on
//! `measurement_features.receiver_features`. `HEIMDALL_UPDATE=1 cargo test -p heimdall-dsp --test
//! dictionary` writes them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extended, Hints, Recording, STANDARD_ERRORS, Set, Warning, Workspace, dictionary};
use serde_json::Value;

/// Marks around a part of the README that is written here.
const DICTIONARY: [&str; 2] = [
    "<!-- dictionary: written by `dsp/tests/dictionary.rs` -->",
    "<!-- end of the dictionary -->",
];
const WARNINGS: [&str; 2] = [
    "<!-- warnings: written by `dsp/tests/dictionary.rs` -->",
    "<!-- end of the warnings -->",
];

/// Recordings in `tests/golden`, and their sample rates in Hz.
const RECORDINGS: [(&str, f64); 3] = [
    ("noise_only_48k", 48_000.0),
    ("tone_20db_48k", 48_000.0),
    ("fm_12k5_200k", 200_000.0),
];

#[test]
fn the_readme_shows_the_dictionary_what_the_numbers_read_and_the_warnings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let shown = fs::read_to_string(&path).expect("dsp/README.md");
    let expected = replace_part(&shown, DICTIONARY, &tables());
    let expected = replace_part(&expected, WARNINGS, &warnings());
    if std::env::var_os("HEIMDALL_UPDATE").is_some() {
        fs::write(&path, expected).expect("the README can be written");
        return;
    }
    let (shown, expected): (Vec<_>, Vec<_>) = (shown.lines().collect(), expected.lines().collect());
    assert_eq!(
        shown.len(),
        expected.len(),
        "dsp/README.md: HEIMDALL_UPDATE=1 writes the tables again"
    );
    for (shown, expected) in shown.iter().zip(&expected) {
        assert!(
            is_same_row(shown, expected),
            "dsp/README.md shows\n{shown}\ninstead of\n{expected}\nHEIMDALL_UPDATE=1 writes the tables again"
        );
    }
}

/// The document with another text between these marks.
fn replace_part(document: &str, [begin, end]: [&str; 2], text: &str) -> String {
    let (before, rest) = document.split_once(begin).expect("the README has the first mark");
    let (_, after) = rest.split_once(end).expect("the README has the second mark");
    format!("{before}{begin}{text}{end}{after}")
}

#[test]
fn the_comment_on_receiver_features_is_written_from_the_dictionary() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql/comments/receiver_features.sql");
    let expected = comment();
    if std::env::var_os("HEIMDALL_UPDATE").is_some() {
        fs::write(&path, expected).expect("the file can be written");
        return;
    }
    let found = fs::read_to_string(&path).expect("sql/comments/receiver_features.sql");
    assert!(
        found == expected,
        "{}: HEIMDALL_UPDATE=1 writes it again",
        path.display()
    );
}

#[test]
fn the_dictionary_has_every_key_of_a_segment_in_order_and_nothing_else() {
    let segment = first_segment(&golden("fm_12k5_200k"), 200_000.0);
    for set in Set::ALL {
        let mut names: Vec<_> = dictionary()
            .filter(|entry| entry.set == set)
            .map(|entry| entry.name)
            .collect();
        let object = match set {
            Set::Segment | Set::Reference => &segment,
            Set::Extended | Set::Quality => &segment[set.name()],
        };
        let others: Vec<_> = match set {
            Set::Segment => dictionary()
                .filter(|entry| entry.set == Set::Reference)
                .map(|entry| entry.name)
                .chain(["extended", "quality"])
                .collect(),
            Set::Reference => dictionary()
                .filter(|entry| entry.set == Set::Segment)
                .map(|entry| entry.name)
                .chain(["extended", "quality"])
                .collect(),
            Set::Extended => Vec::new(),
            Set::Quality => {
                // Only integer formats have codes.
                names.retain(|name| *name != "codes_used");
                vec!["warnings"]
            }
        };
        let mut keys: Vec<_> = object
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        keys.retain(|key| !others.contains(key));
        names.sort_unstable();
        keys.sort_unstable();
        assert_eq!(names, keys, "{set:?}");
    }
}

#[test]
fn every_entry_has_a_unit_a_definition_and_a_source() {
    for entry in dictionary() {
        for text in [entry.unit, entry.definition, entry.source] {
            assert!(
                !text.is_empty() && !text.contains('|') || text.contains("|x|"),
                "{entry:?}"
            );
        }
        assert!(entry.definition.ends_with('.'), "{entry:?}");
        assert!(entry.bias.is_empty() || entry.bias.ends_with('.'), "{entry:?}");
    }
}

#[test]
fn every_extended_number_has_a_standard_error_with_a_formula_and_a_source() {
    let names = STANDARD_ERRORS.map(|error| error.name);
    assert_eq!(names, Extended::<f64>::NAMES);
    for error in STANDARD_ERRORS {
        assert!(error.formula.ends_with('.') && !error.source.is_empty(), "{error:?}");
    }
}

/// The SQL file that sets the comment.
fn comment() -> String {
    let mut text = String::from(
        "-- The comment on measurement_features.receiver_features, written by dsp/tests/dictionary.rs. It is set only where it
-- differs, because COMMENT ON waits for a running vacuum of the table.
DO $$
DECLARE
    meaning CONSTANT text := $text$One object per 1000 ms segment of this receiver's recording. Empty when extraction_failed.
A number of the sets reference and extended, and signal_present, has mean, std, min and max over the segment's 200 ms chunks.
Those of the set extended have the standard_error of the mean too.
rx_id, rx_lat, rx_lon: the receiver's name and position in degrees
x: samples of a chunk, full scale 1. N: their number. fs: sample rate in Hz.
P: |FFT of x|^2 / N, rectangular window, 0 Hz in the middle. Frequencies are from the centre of the band
",
    );
    for set in Set::ALL {
        writeln!(text, "-- {}:", ascii(heading(set))).expect("text");
        for entry in dictionary().filter(|entry| entry.set == set) {
            let line = format!("{} [{}]: {} {}", entry.name, entry.unit, entry.definition, entry.bias);
            writeln!(text, "{}", ascii(line.trim_end())).expect("text");
        }
        if set == Set::Extended {
            text.push_str(
                "standard_error of a number: that of its mean, or that of the scatter of the chunks if it is significantly larger:
",
            );
            for error in STANDARD_ERRORS {
                writeln!(text, "{}: {}", error.name, ascii(error.formula)).expect("text");
            }
        }
    }
    text.push_str(
        "warnings: what is wrong, in words; empty if nothing is$text$;
BEGIN
    IF col_description('heimdall.measurement_features'::regclass,
            (SELECT attnum FROM pg_attribute
             WHERE attrelid = 'heimdall.measurement_features'::regclass AND attname = 'receiver_features'))
        IS DISTINCT FROM meaning THEN
        EXECUTE format('COMMENT ON COLUMN heimdall.measurement_features.receiver_features IS %L', meaning);
    END IF;
END
$$;
",
    );
    text
}

/// The text in ASCII, without the marks of Markdown: the encoding of a database may lack these
/// signs.
fn ascii(text: &str) -> String {
    let signs = [
        ("`", ""),
        ("²", "^2"),
        ("⁴", "^4"),
        ("Σ", "sum"),
        ("×", "x"),
        ("µ", "u"),
        ("°", "deg"),
    ];
    let text = signs
        .iter()
        .fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain));
    assert!(text.is_ascii(), "no ASCII form is known for a sign in: {text}");
    text
}

/// Whether two rows are equal, apart from the last digits of numbers: machines sum in different
/// orders.
fn is_same_row(left: &str, right: &str) -> bool {
    let (left, right): (Vec<_>, Vec<_>) = (left.split('|').collect(), right.split('|').collect());
    left.len() == right.len()
        && left.iter().zip(&right).all(|(left, right)| {
            match (left.trim().parse::<f64>(), right.trim().parse::<f64>()) {
                (Ok(left), Ok(right)) => (left - right).abs() <= 0.01 * left.abs().max(right.abs()) + 1e-6,
                _ => left == right,
            }
        })
}

/// The table of the warnings, between blank lines.
fn warnings() -> String {
    let mut text = String::from("\n\n| word | meaning | what to do |\n| --- | --- | --- |\n");
    for warning in Warning::ALL {
        let word = serde_json::to_value(warning).expect("a word");
        let word = word.as_str().expect("a word");
        let cells = [warning.meaning(), warning.action()].map(escape).join(" | ");
        writeln!(text, "| `{word}` | {cells} |").expect("text");
    }
    text.push('\n');
    text
}

/// The tables of all sets, between blank lines.
fn tables() -> String {
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

fn heading(set: Set) -> &'static str {
    match set {
        Set::Segment => "The segment",
        Set::Reference => "Reference features: the 17 numbers of the training data",
        Set::Extended => "Extended features (`extended`)",
        Set::Quality => "Quality (`quality`)",
    }
}

/// The text as a cell of a Markdown table, which a bar would end.
fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The number in this segment, with four significant digits.
fn reading(segment: &Value, set: Set, name: &str) -> String {
    let object = match set {
        Set::Segment | Set::Reference => segment,
        Set::Extended | Set::Quality => &segment[set.name()],
    };
    let value = &object[name];
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

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
        .with_extension("cf32")
}

fn first_segment(path: &Path, rate_hz: f64) -> Value {
    let bytes = fs::read(path).expect("a golden recording");
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate_hz, "argument"));
    recording.push(&bytes, &mut workspace).expect("samples");
    let extraction = recording.finish(&mut workspace).expect("features");
    serde_json::to_value(&extraction.segments[0]).expect("JSON")
}
