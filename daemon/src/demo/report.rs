//! What came of a session: as a table for people, and compared with what was expected.

use std::fmt::Write as _;

use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

use super::application::Session;
use super::scene::{Expected, Receiver};
use crate::sandbox::error::{Context, Result};

/// A measurement with what came of it.
#[derive(Debug, Clone, Default)]
pub struct Row {
    station: String,
    measurement_id: Uuid,
    /// Whether there is a row in `measurement_features` at all.
    stands: bool,
    snr_db: Option<f64>,
    offset_hz: Option<f64>,
    bandwidth_hz: Option<f64>,
    confidence: Option<f64>,
    detected: Option<i32>,
    signal_fraction: Option<f64>,
    error_message: Option<String>,
}

/// Reads a session's rows, the strongest receiver first.
///
/// # Errors
/// When the statement fails.
pub async fn session_rows(client: &Client, session: Uuid) -> Result<Vec<Row>> {
    let rows = client
        .query(include_str!("sql/session_rows.sql"), &[&session])
        .await
        .context("reading the session's rows")?;
    let read = |row: &tokio_postgres::Row| Row {
        station: row.get("station"),
        measurement_id: row.get("measurement_id"),
        stands: row.get("stands"),
        snr_db: row.get("snr_db"),
        offset_hz: row.get("offset_hz"),
        bandwidth_hz: row.get("bandwidth_hz"),
        confidence: row.get("confidence"),
        detected: row.get("detected"),
        signal_fraction: row.get("signal_fraction"),
        error_message: row.get("error_message"),
    };
    Ok(rows.iter().map(read).collect())
}

/// The view `feature_coverage`, a line for each column.
///
/// # Errors
/// When the statement fails.
pub async fn coverage(client: &Client) -> Result<String> {
    let messages = client
        .simple_query(include_str!("sql/coverage.sql"))
        .await
        .context("reading feature_coverage")?;
    let mut text = String::new();
    for message in messages {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        for (index, column) in row.columns().iter().enumerate() {
            let _ = writeln!(text, "    {:<31}{:>8}", column.name(), row.get(index).unwrap_or("NULL"));
        }
    }
    Ok(text)
}

/// The rows as a table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let width = rows
        .iter()
        .map(|row| row.station.chars().count())
        .max()
        .unwrap_or(0)
        .max("receiver".len());
    let mut text = format!(
        "    {:<width$}  {:>7}  {:>10}  {:>12}  {:>10}  {:>6}\n",
        "receiver", "SNR dB", "offset Hz", "bandwidth Hz", "confidence", "signal"
    );
    for row in rows {
        let _ = write!(text, "    {:<width$}  ", row.station);
        let _ = match (&row.error_message, row.stands) {
            (Some(message), _) => writeln!(text, "{message}"),
            (None, false) => writeln!(text, "no row yet"),
            (None, true) => writeln!(
                text,
                "{:>7}  {:>10}  {:>12}  {:>10}  {:>6}",
                number(row.snr_db, 1),
                number(row.offset_hz, 0),
                number(row.bandwidth_hz, 0),
                number(row.confidence, 2),
                row.signal_fraction
                    .map_or_else(|| "-".to_owned(), |fraction| format!("{:.0} %", fraction * 100.0)),
            ),
        };
    }
    text
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

/// Everything in the database that is not as it should be; empty when all is well.
///
/// # Errors
/// When a statement fails.
pub async fn deviations(client: &Client, session: &Session, receivers: &[Receiver]) -> Result<Vec<String>> {
    let rows = session_rows(client, session.id).await?;
    let mut found = compare(&rows, session, receivers);
    let row = client
        .query_one(include_str!("sql/outstanding.sql"), &[])
        .await
        .context("reading the queue")?;
    let (rechecks, others): (i64, i64) = (row.get("rechecks"), row.get("others"));
    let missing = rows.iter().filter(|row| {
        row.error_message
            .as_ref()
            .is_some_and(|text| text.starts_with("IQ file not found"))
    });
    let expected = i64::try_from(missing.count()).unwrap_or(i64::MAX);
    if (rechecks, others) != (expected, 0) {
        found.push(format!(
            "queue: {rechecks} rechecks and {others} others outstanding, expected {expected} and 0"
        ));
    }
    Ok(found)
}

fn compare(rows: &[Row], session: &Session, receivers: &[Receiver]) -> Vec<String> {
    let mut found = Vec::new();
    if rows.len() != receivers.len() {
        found.push(format!("{} rows for {} measurements", rows.len(), receivers.len()));
    }
    for (receiver, measurement) in receivers.iter().zip(&session.measurements) {
        let complaint = match rows.iter().find(|row| row.measurement_id == measurement.id) {
            Some(row) if row.stands => complaint(row, &receiver.expected, &measurement.key),
            _ => Some("there is no row".to_owned()),
        };
        found.extend(complaint.map(|complaint| format!("{}: {complaint}", receiver.station)));
    }
    found
}

fn complaint(row: &Row, expected: &Expected, key: &str) -> Option<String> {
    match (expected, &row.error_message) {
        (Expected::AnyRow, _) => None,
        (Expected::Failure { message }, said) => {
            let message = message.replace("{key}", key);
            (said.as_ref() != Some(&message)).then(|| format!("expected the error '{message}', found {said:?}"))
        }
        (Expected::Features { .. }, Some(said)) => Some(format!("expected features, found the error '{said}'")),
        (
            Expected::Features {
                snr_db,
                tolerance_db,
                signal,
            },
            None,
        ) => {
            let near = row.snr_db.is_some_and(|found| (found - snr_db).abs() <= *tolerance_db);
            let found_signal = row.detected == Some(1);
            match (near, found_signal == *signal) {
                (false, _) => Some(format!(
                    "expected an SNR of {snr_db:.1} dB, found {}",
                    number(row.snr_db, 1)
                )),
                (true, false) => Some(format!("expected {} signal", if *signal { "a" } else { "no" })),
                (true, true) => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Row {
        Row {
            stands: true,
            snr_db: Some(20.1),
            detected: Some(1),
            ..Row::default()
        }
    }

    #[test]
    fn a_row_is_right_only_with_the_expected_snr_and_signal() {
        let expected = Expected::Features {
            snr_db: 20.0,
            tolerance_db: 0.4,
            signal: true,
        };
        assert_eq!(complaint(&good(), &expected, "key"), None);
        let weaker = Row {
            snr_db: Some(19.5),
            ..good()
        };
        assert_eq!(
            complaint(&weaker, &expected, "key").as_deref(),
            Some("expected an SNR of 20.0 dB, found 19.5")
        );
        let unheard = Row {
            detected: Some(0),
            ..good()
        };
        assert_eq!(
            complaint(&unheard, &expected, "key").as_deref(),
            Some("expected a signal")
        );
        let failed = Row {
            error_message: Some("broken".into()),
            ..good()
        };
        assert!(complaint(&failed, &expected, "key").is_some());
    }

    #[test]
    fn an_error_is_right_only_word_for_word() {
        let expected = Expected::Failure {
            message: "IQ file not found: {key}".into(),
        };
        let row = |message: &str| Row {
            error_message: Some(message.into()),
            ..good()
        };
        assert_eq!(complaint(&row("IQ file not found: a/b"), &expected, "a/b"), None);
        assert!(complaint(&row("IQ file not found: a/c"), &expected, "a/b").is_some());
        assert!(complaint(&good(), &expected, "a/b").is_some());
    }

    #[test]
    fn a_missing_and_a_surplus_row_are_noticed() {
        let session = Session {
            id: Uuid::nil(),
            measurements: Vec::new(),
            uploaded_bytes: 0,
        };
        assert_eq!(compare(&[good()], &session, &[]), ["1 rows for 0 measurements"]);
        assert!(compare(&[], &session, &[]).is_empty());
    }

    #[test]
    fn the_table_lines_up_and_shows_errors_in_full() {
        let failed = Row {
            station: "Genova".into(),
            error_message: Some("IQ file not found: x".into()),
            ..good()
        };
        let waiting = Row {
            station: "Cuneo".into(),
            ..Row::default()
        };
        let text = table(&[
            Row {
                station: "Torino".into(),
                signal_fraction: Some(1.0),
                ..good()
            },
            failed,
            waiting,
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].len(), lines[1].len(), "{text}");
        assert!(lines[1].ends_with("100 %"), "{text}");
        assert_eq!(lines[2], "    Genova    IQ file not found: x");
        assert_eq!(lines[3], "    Cuneo     no row yet");
    }
}
