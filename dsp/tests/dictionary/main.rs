//! The documents that show the dictionary and the warnings agree with the crate: `dsp/README.md`,
//! with what each number reads for three known recordings, the COMMENT on
//! `measurement_features.receiver_features`, and the views `feature_dictionary` and
//! `feature_samples`. `HEIMDALL_UPDATE=1 cargo test -p heimdall-dsp --test dictionary` writes them.

mod tables;
mod views;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use heimdall_dsp::{Extended, STANDARD_ERRORS, Set, Warning, dictionary};
use tables::{escape, first_segment, golden, heading, tables};

/// Marks around a part of the README that is written here.
const DICTIONARY: [&str; 2] = [
    "<!-- dictionary: written by `dsp/tests/dictionary` -->",
    "<!-- end of the dictionary -->",
];
const WARNINGS: [&str; 2] = [
    "<!-- warnings: written by `dsp/tests/dictionary` -->",
    "<!-- end of the warnings -->",
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
fn the_sql_files_are_written_from_the_dictionary() {
    for (file, expected) in [
        ("comments/receiver_features.sql", comment()),
        ("views/feature_dictionary.sql", views::feature_dictionary()),
        ("views/feature_samples.sql", views::feature_samples()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql").join(file);
        if std::env::var_os("HEIMDALL_UPDATE").is_some() {
            fs::write(&path, expected).expect("the file can be written");
            continue;
        }
        let found = fs::read_to_string(&path).expect("the file");
        assert!(
            found == expected,
            "{}: HEIMDALL_UPDATE=1 writes it again",
            path.display()
        );
    }
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
        "-- The comment on measurement_features.receiver_features, written by dsp/tests/dictionary. It is set only where it
-- differs, because COMMENT ON waits for a running vacuum of the table.
DO $$
DECLARE
    meaning CONSTANT text := $text$One object per 1000 ms segment of this receiver's recording. Empty when extraction_failed.
A number of the sets reference and extended, but not detection_rate, has mean, std, min and max over the segment's
200 ms chunks. Those of the set extended have the standard_error of the mean too.
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
    results regclass;
BEGIN
    FOREACH results IN ARRAY ARRAY[heimdall.results_table(), 'heimdall.extracted_features'] LOOP
        IF col_description(results, (SELECT attnum FROM pg_attribute
                                     WHERE attrelid = results AND attname = 'receiver_features'))
            IS DISTINCT FROM meaning THEN
            EXECUTE format('COMMENT ON COLUMN %s.receiver_features IS %L', results, meaning);
        END IF;
    END LOOP;
END
$$;
",
    );
    text
}

/// The text in ASCII, without the marks of Markdown: the encoding of a database may lack these
/// signs.
pub(crate) fn ascii(text: &str) -> String {
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
