//! The results of a session: as a table, and compared with the expected ones.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

use super::application::Session;
use super::receivers::{Expected, Receiver};
use crate::postgres::row::row;

row! {
    /// A measurement with its result. The numbers are means over the recording.
    #[derive(Default)]
    Row {
        /// Name of the receiver's station.
        station: String,
        /// The measurement.
        measurement_id: Uuid,
        /// Whether `measurement_features` has a row for it.
        has_result: bool,
        /// SNR as the reference defines it.
        snr_db: Option<f64>,
        /// Distance of the carrier from the centre frequency.
        offset_hz: Option<f64>,
        /// Occupied bandwidth.
        bandwidth_hz: Option<f64>,
        /// Confidence, from 0 to 1.
        confidence: Option<f64>,
        /// 1 if a signal is detected, else 0.
        detected: Option<i32>,
        /// Fraction of the chunks that have a signal.
        signal_fraction: Option<f64>,
        /// Text of the error.
        error_message: Option<String>,
    }
}

/// Reads a session's rows, the strongest receiver first.
///
/// # Errors
/// If the statement fails.
pub async fn session_rows(client: &Client, session: Uuid) -> Result<Vec<Row>> {
    let rows = client.query(include_str!("sql/session_rows.sql"), &[&session]).await;
    let rows = rows.and_then(|rows| rows.iter().map(Row::read).collect());
    rows.context("reading the session's rows")
}

/// The view `feature_coverage`, one line for each column.
///
/// # Errors
/// If the statement fails.
pub async fn coverage(client: &Client) -> Result<String> {
    let messages = client.simple_query(include_str!("sql/coverage.sql")).await;
    let mut text = String::new();
    for message in messages.context("reading feature_coverage")? {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        for (index, column) in row.columns().iter().enumerate() {
            let _ = writeln!(text, "    {:<31}{:>8}", column.name(), row.get(index).unwrap_or("NULL"));
        }
    }
    Ok(text)
}

pub(super) fn number(value: Option<f64>, decimals: usize, unit: &str) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}{unit}"))
}

/// Compares a session's rows and the queue with what is expected. Returns a text for each
/// difference.
///
/// # Errors
/// If a statement fails.
pub async fn deviations(
    client: &Client,
    rows: &[Row],
    session: &Session,
    receivers: &[Receiver],
) -> Result<Vec<String>> {
    let mut found = compare(rows, session, receivers);
    let row = client.query_one(include_str!("sql/outstanding.sql"), &[]).await;
    let row = row.context("reading the queue")?;
    let (rechecks, others): (i64, i64) = (row.get("rechecks"), row.get("others"));
    let messages = rows.iter().filter_map(|row| row.error_message.as_ref());
    let missing = messages.filter(|message| message.starts_with("IQ file not found"));
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
        let difference = match rows.iter().find(|row| row.measurement_id == measurement.id) {
            Some(row) if row.has_result => difference(row, &receiver.expected, &measurement.key),
            _ => Some("there is no row".to_owned()),
        };
        found.extend(difference.map(|difference| format!("{}: {difference}", receiver.station)));
    }
    found
}

/// What is wrong with a row, if anything.
fn difference(row: &Row, expected: &Expected, key: &str) -> Option<String> {
    match (expected, &row.error_message) {
        (Expected::AnyRow, _) => None,
        (Expected::Failure { message }, found) => {
            let message = message.replace("{key}", key);
            (found.as_ref() != Some(&message)).then(|| format!("expected the error '{message}', found {found:?}"))
        }
        (Expected::Features { .. }, Some(found)) => Some(format!("expected features, found the error '{found}'")),
        (
            Expected::Features {
                snr_db,
                tolerance_db,
                signal,
            },
            None,
        ) => {
            if !(row.snr_db).is_some_and(|found| (found - snr_db).abs() <= *tolerance_db) {
                let found = number(row.snr_db, 1, "");
                return Some(format!("expected an SNR of {snr_db:.1} dB, found {found}"));
            }
            ((row.detected == Some(1)) != *signal)
                .then(|| format!("expected {} signal", if *signal { "a" } else { "no" }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Row {
        Row {
            has_result: true,
            snr_db: Some(20.1),
            detected: Some(1),
            ..Row::default()
        }
    }

    #[test]
    fn a_row_is_correct_only_with_the_expected_snr_and_signal() {
        let expected = Expected::Features {
            snr_db: 20.0,
            tolerance_db: 0.4,
            signal: true,
        };
        assert_eq!(difference(&good(), &expected, "key"), None);
        let weaker = Row {
            snr_db: Some(19.5),
            ..good()
        };
        assert_eq!(
            difference(&weaker, &expected, "key").as_deref(),
            Some("expected an SNR of 20.0 dB, found 19.5")
        );
        let undetected = Row {
            detected: Some(0),
            ..good()
        };
        assert_eq!(
            difference(&undetected, &expected, "key").as_deref(),
            Some("expected a signal")
        );
        let failed = Row {
            error_message: Some("broken".into()),
            ..good()
        };
        assert!(difference(&failed, &expected, "key").is_some());
    }

    #[test]
    fn an_error_is_correct_only_with_the_exact_text() {
        let expected = Expected::Failure {
            message: "IQ file not found: {key}".into(),
        };
        let row = |message: &str| Row {
            error_message: Some(message.into()),
            ..good()
        };
        assert_eq!(difference(&row("IQ file not found: a/b"), &expected, "a/b"), None);
        assert!(difference(&row("IQ file not found: a/c"), &expected, "a/b").is_some());
        assert!(difference(&good(), &expected, "a/b").is_some());
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
}
