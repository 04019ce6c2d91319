//! The views that are written from the dictionary: `feature_dictionary` and `feature_samples`.

use std::fmt::Write as _;

use heimdall_dsp::{Extended, Features, dictionary};

use super::ascii;

/// Columns of `feature_samples` before those of the numbers: expression, name, comment.
const FIRST_COLUMNS: [(&str, &str, &str); 16] = [
    ("f.recording_session_id", "recording_session_id", "The session."),
    (
        "f.second",
        "second",
        "Number of the second in the session, from 0; the same as in session_features.",
    ),
    (
        "f.second_at",
        "timestamp",
        "When the second begins. The receiver''s own beginning is within half a second of it.",
    ),
    ("f.rx_id", "rx_id", "The receiver''s name."),
    (
        "(f.features ->> 'rx_lat')::double precision",
        "rx_lat",
        "Latitude of the receiver in degrees, or NULL.",
    ),
    (
        "(f.features ->> 'rx_lon')::double precision",
        "rx_lon",
        "Longitude of the receiver in degrees, or NULL.",
    ),
    (
        "coalesce(t.frequency_hz, (f.extraction_metadata ->> 'frequency_hz')::bigint)",
        "frequency_hz",
        "Centre frequency in Hz: of the session, else of the measurement, if the application stores one.",
    ),
    (
        "t.tx_known",
        "tx_known",
        "Whether the position of the transmitter is known.",
    ),
    (
        "t.tx_latitude",
        "tx_latitude",
        "Latitude of the transmitter in degrees, or NULL.",
    ),
    (
        "t.tx_longitude",
        "tx_longitude",
        "Longitude of the transmitter in degrees, or NULL.",
    ),
    (
        "t.tx_altitude_m",
        "tx_altitude_m",
        "Altitude of the transmitter in metres, or NULL.",
    ),
    (
        "t.tx_power_dbm",
        "tx_power_dbm",
        "Power of the transmitter in dBm, or NULL.",
    ),
    ("f.measurement_id", "measurement_id", "The measurement."),
    (
        "f.measured_at",
        "measured_at",
        "When the receiver''s segment begins: the measurement''s time plus segment_start_ms.",
    ),
    (
        "(f.features ->> 'num_chunks')::integer",
        "num_chunks",
        "Chunks of 200 ms that were measured.",
    ),
    (
        "f.signal_present",
        "signal_present",
        "Whether more than half of the chunks have a signal.",
    ),
];

/// `sql/views/feature_dictionary.sql`.
pub(crate) fn feature_dictionary() -> String {
    let rows: Vec<_> = dictionary()
        .map(|entry| {
            let [name, unit, definition, bias, source] =
                [entry.name, entry.unit, entry.definition, entry.bias, entry.source].map(literal);
            format!(
                "    ({name}, {unit}, '{}',\n     {definition},\n     {bias},\n     {source})",
                entry.set.name()
            )
        })
        .collect();
    format!(
        "-- What every number of receiver_features means. Written by dsp/tests/dictionary from the extractor's own table.
CREATE OR REPLACE VIEW heimdall.feature_dictionary AS
SELECT d.name, d.unit, d.definition, d.set, d.bias, d.source
FROM (VALUES
{}
) AS d (name, unit, set, definition, bias, source);

COMMENT ON VIEW heimdall.feature_dictionary IS
    'Every number of receiver_features: what it means, its unit, its known bias.';
COMMENT ON COLUMN heimdall.feature_dictionary.name IS
    'Key in the object, or in its part extended or quality. feature_samples has it with _mean and _std.';
COMMENT ON COLUMN heimdall.feature_dictionary.unit IS 'Unit; 1 for a ratio or a count.';
COMMENT ON COLUMN heimdall.feature_dictionary.definition IS 'How the number is computed.';
COMMENT ON COLUMN heimdall.feature_dictionary.set IS
    'segment, reference (the 17 numbers of the training data), extended (by the definitions of standards), quality.';
COMMENT ON COLUMN heimdall.feature_dictionary.bias IS
    'How the number differs from what its name promises; NULL where it does not.';
COMMENT ON COLUMN heimdall.feature_dictionary.source IS 'Where the definition comes from.';
",
        rows.join(",\n")
    )
}

/// `sql/views/feature_samples.sql`.
pub(crate) fn feature_samples() -> String {
    let mut columns: Vec<_> = FIRST_COLUMNS
        .iter()
        .map(|(expression, name, comment)| {
            let is_named = expression.rsplit('.').next() == Some(name);
            let column = if is_named {
                (*expression).to_owned()
            } else {
                format!("{expression} AS {name}")
            };
            (column, (*name).to_owned(), (*comment).to_owned())
        })
        .collect();
    for name in Features::<f64>::NAMES {
        columns.extend(statistics("f.features", name, ""));
    }
    columns.push((
        "(f.features -> 'extended' ->> 'detection_rate')::double precision AS detection_rate".to_owned(),
        "detection_rate".to_owned(),
        "Part of the chunks with a signal, 0 to 1; NULL in rows of an extractor before version 0.2.0.".to_owned(),
    ));
    for name in Extended::<f64>::NAMES {
        columns.extend(statistics(
            "f.features -> 'extended'",
            name,
            "; NULL where it is unknown",
        ));
    }
    columns.push((
        "f.features -> 'quality' -> 'warnings' AS warnings".to_owned(),
        "warnings".to_owned(),
        "What is wrong with this second of the recording: a JSON array of words; empty if nothing is.".to_owned(),
    ));

    let selected: Vec<_> = columns.iter().map(|(column, _, _)| column.as_str()).collect();
    let mut text = format!(
        "-- Training samples, flat: one row per session, second and receiver, with a column for each number. Written by
-- dsp/tests/dictionary. A column that a query does not name costs nothing.
CREATE OR REPLACE VIEW heimdall.feature_samples AS
SELECT {}
FROM heimdall.aligned_features f
JOIN heimdall.session_transmitters t ON t.recording_session_id = f.recording_session_id;

COMMENT ON VIEW heimdall.feature_samples IS
    'One row per session, second and receiver, with a typed column for each number: session_features, flat. '
    'feature_dictionary defines the numbers.';
",
        selected.join(",\n       ")
    );
    for (_, name, comment) in &columns {
        writeln!(
            text,
            "COMMENT ON COLUMN heimdall.feature_samples.{name} IS\n    '{comment}';"
        )
        .expect("text");
    }
    text
}

/// The columns of the mean and the standard deviation of a number.
fn statistics(object: &str, name: &str, note: &str) -> [(String, String, String); 2] {
    let entry = dictionary().find(|entry| entry.name == name).expect("an entry");
    let unit = ascii(entry.unit);
    let column = |key: &str, what: &str| {
        (
            format!("({object} -> '{name}' ->> '{key}')::double precision AS {name}_{key}"),
            format!("{name}_{key}"),
            format!("{what} of {name} over the chunks, unit {unit}{note}."),
        )
    };
    [column("mean", "Mean"), column("std", "Standard deviation")]
}

/// The text as an SQL literal in ASCII; NULL for an empty one.
fn literal(text: &str) -> String {
    if text.is_empty() {
        return "NULL".to_owned();
    }
    format!("'{}'", ascii(text).replace('\'', "''"))
}
