//! The checks at the end.

use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::fleet::Logs;
use super::objects::{self, Outcome};
use crate::support::Bench;

/// Violations of one kind that are listed.
const SHOWN: i64 = 5;

/// Waits until the queue is empty and no row is missing; delays between attempts are skipped.
/// Returns what is left at the limit.
pub(super) async fn wait_finished(bench: &Bench, limit: Duration) -> Option<String> {
    let begun = Instant::now();
    bench
        .execute("UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording'")
        .await;
    let queued = "SELECT string_agg(format('%s %s by %s, attempt %s', measurement_id, state, worker_id, attempt), '; ')
                  FROM (SELECT * FROM heimdall.feature_queue LIMIT 5) q";
    let missing = "SELECT format('%s without a row', id) FROM (
            SELECT m.id FROM heimdall.measurements m JOIN heimdall.recording_sessions s ON s.id = m.recording_session_id
            WHERE NOT EXISTS (SELECT FROM heimdall.measurement_features f WHERE f.measurement_id = m.id) LIMIT 1) x
        UNION ALL
            SELECT format('%s changes of backfills are not counted', count(*)) FROM heimdall.backfill_changes HAVING count(*) > 0
        LIMIT 1";
    loop {
        bench
            .execute("UPDATE heimdall.feature_queue SET due_at = clock_timestamp() WHERE state = 'waiting' AND due_at > clock_timestamp()")
            .await;
        let left: Option<String> = match bench.value(queued, &[]).await {
            Some(left) => Some(left),
            None => bench
                .sql
                .query_opt(missing, &[])
                .await
                .expect("the query works")
                .map(|row| row.get(0)),
        };
        if left.is_none() || begun.elapsed() > limit {
            return left.map(|left| format!("unfinished {limit:?} after the last fault: {left}"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Everything that is wrong, with the log lines about it.
pub(super) async fn violations(bench: &Bench, unfinished: Option<String>, logs: &Logs) -> Vec<String> {
    let mut found: Vec<String> = unfinished.into_iter().chain(logs.wrong_ends.iter().cloned()).collect();
    for word in ["panicked", "internal error", "row refused"] {
        found.extend(logs.lines(word));
    }
    for (what, query) in COUNTS {
        let bad: Vec<(Uuid, String)> = bench
            .sql
            .query(&format!("{query} LIMIT {SHOWN}"), &[])
            .await
            .unwrap_or_else(|error| panic!("{query}: {error:?}"))
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        for (id, detail) in bad {
            found.push(format!(
                "{what}: {id} {detail}\n    {}",
                logs.lines(&id.to_string()).join("\n    ")
            ));
        }
    }
    found.extend(wrong_rows(bench, logs).await);
    found.extend(wrong_counts(bench).await);
    found
}

/// Kept counts that are not what a count of everything finds.
async fn wrong_counts(bench: &Bench) -> Vec<String> {
    // A session without triggers is noticed when its measurements are queued, and has none if all were deleted.
    let query = "SELECT format('%s: %s kept, %s counted', name, kept, counted) FROM heimdall.recount_coverage()
                 WHERE difference <> 0 AND name LIKE '%measurements%'";
    let rows = bench.sql.query(query, &[]).await.expect("the counts");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Queries that must return no row. A row has an id and a detail.
const COUNTS: [(&str, &str); 6] = [
    ("queued", "SELECT measurement_id, state FROM heimdall.feature_queue"),
    (
        "heartbeat row of a stopped daemon",
        "SELECT worker_id, host FROM heimdall.worker_heartbeats",
    ),
    (
        "not exactly one row",
        "SELECT m.id, count(f.measurement_id)::text FROM heimdall.measurements m
         JOIN heimdall.recording_sessions s ON s.id = m.recording_session_id
         LEFT JOIN heimdall.measurement_features f ON f.measurement_id = m.id
         GROUP BY m.id HAVING count(f.measurement_id) <> 1",
    ),
    (
        "a row of another time or session",
        "SELECT m.id, format('%s %s, not %s %s', f.timestamp, f.recording_session_id, m.created_at, m.recording_session_id)
         FROM heimdall.measurements m JOIN heimdall.measurement_features f ON f.measurement_id = m.id
         JOIN heimdall.recording_sessions s ON s.id = m.recording_session_id
         WHERE f.timestamp <> m.created_at OR f.recording_session_id IS DISTINCT FROM m.recording_session_id",
    ),
    (
        "two rows for a deleted measurement",
        "SELECT measurement_id, count(*)::text FROM heimdall.measurement_features GROUP BY 1 HAVING count(*) > 1",
    ),
    (
        "backfill without an end",
        "SELECT backfill_id, format('%s of %s, %s failed', done, total, failed) FROM heimdall.backfills WHERE finished_at IS NULL",
    ),
];

/// Rows that are not the ones that their location calls for.
async fn wrong_rows(bench: &Bench, logs: &Logs) -> Vec<String> {
    // Features stay when the extraction of another object fails later, and get its error beside them.
    let query = "SELECT regexp_replace(m.iq_data_location, '^(late/).*', '\\1'), k.failed,
            CASE WHEN k.failed THEN coalesce(f.last_error_kind, f.error_kind) END,
            CASE WHEN k.failed THEN coalesce(f.last_error_message, f.error_message) ELSE '' END,
            to_jsonb(f.receiver_features), count(*)::text, (array_agg(m.measurement_id))[1], max(f.attempts)
        FROM heimdall.session_measurements m
        JOIN heimdall.measurement_features f USING (measurement_id)
        CROSS JOIN LATERAL (
            SELECT f.extraction_failed OR f.source_fingerprint <> heimdall.source_fingerprint(
                m.iq_data_location, m.websdr_station_id::text, m.iq_data_format, m.iq_sample_rate) AS failed) k
        GROUP BY 1, 2, 3, 4, 5";
    let classes = objects::classes();
    let mut found = Vec::new();
    for row in bench.sql.query(query, &[]).await.expect("the rows are read") {
        let (location, failed): (String, bool) = (row.get(0), row.get(1));
        let (kind, message): (Option<String>, String) = (row.get(2), row.get(3));
        let (features, count, example): (Value, String, Uuid) = (row.get(4), row.get(5), row.get(6));
        let class = classes.iter().find(|class| class.location == location);
        let is_right = match class.expect("a class for each location").outcome {
            Outcome::Features(seed, samples) => {
                !failed && are_equal_segments(&features, &objects::segments(seed, samples))
            }
            Outcome::Error(wanted, begin) => failed && kind.as_deref() == Some(wanted) && message.starts_with(begin),
        };
        if !is_right {
            found.push(format!(
                "{count} rows of {location}: failed {failed}, {kind:?} {message:?}, {} segments; one is {example}\n    {}",
                features.as_array().map_or(0, Vec::len),
                logs.lines(&example.to_string()).join("\n    ")
            ));
        }
    }
    found
}

/// Whether the segments of a row, without the receiver's name and place, are those of the
/// extractor.
fn are_equal_segments(features: &Value, wanted: &[Value]) -> bool {
    let Some(segments) = features.as_array() else {
        return false;
    };
    segments.len() == wanted.len()
        && segments.iter().zip(wanted).all(|(segment, wanted)| {
            let mut segment = segment.clone();
            let place =
                ["rx_id", "rx_lat", "rx_lon"].map(|name| segment.as_object_mut().and_then(|map| map.remove(name)));
            place == [Some("Torino".into()), Some(45.04.into()), Some(7.67.into())] && equal(&segment, wanted)
        })
}

/// Whether two values are equal, up to the last bits of numbers, which the JSON parser may change.
fn equal(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(map), Value::Object(wanted)) => {
            map.len() == wanted.len()
                && map
                    .iter()
                    .all(|(name, value)| wanted.get(name).is_some_and(|wanted| equal(value, wanted)))
        }
        (Value::Array(list), Value::Array(wanted)) => {
            list.len() == wanted.len() && list.iter().zip(wanted).all(|(value, wanted)| equal(value, wanted))
        }
        (Value::Number(number), Value::Number(wanted)) => match (number.as_f64(), wanted.as_f64()) {
            (Some(number), Some(wanted)) => (number - wanted).abs() <= 1e-14 * wanted.abs(),
            _ => false,
        },
        _ => value == wanted,
    }
}
