//! Untrusted text through the real daemon and back: names, keys, messages, notifications.

use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::support::daemon::Daemon;
use crate::support::{Bench, connect, empty_database, recordings};

/// Text that could end a string, a line, a column, a pattern or a page, or reverse the direction of
/// writing.
const NAMES: [&str; 6] = [
    "O'Brien\"; DROP TABLE heimdall.measurements; --",
    "two\nlines\r\nERROR forged",
    "bell \u{7} escape \u{1b}[2J csi \u{9b}31m backspace \u{8}",
    "right-to-left \u{202e}gpj.exe isolate \u{2066}x\u{2069} separator \u{2028}",
    "%s %I %L %% $1 :name {0} \\ \t",
    "東京 Zürich \u{1f4e1} e\u{301}",
];
/// Valid keys with unusual characters.
const KEYS: [&str; 5] = [
    "2026/a b/100%/x+y.bin",
    "2026/%2e%2e/%41.bin",
    "2026/東京/\u{1f4e1}.bin",
    "2026/'quote\"/a&b=c?d#e.bin",
    "2026/it's (1) [2] {3}/~!$*,;:@.bin",
];

/// Inserts a session with a measurement for each station name. The keys are used in turn.
async fn insert_session(bench: &Bench, names: &[String], keys: &[&str]) -> Vec<Uuid> {
    let session: Uuid = bench
        .value(
            "INSERT INTO heimdall.recording_sessions (status, duration_seconds) VALUES ('recording', 1) RETURNING id",
            &[],
        )
        .await;
    let mut measurements = Vec::new();
    for (name, key) in names.iter().zip(keys.iter().cycle()) {
        let insert = "WITH station AS (INSERT INTO heimdall.websdr_stations (name, latitude, longitude) VALUES ($1::text, 1, 2) RETURNING id)
            INSERT INTO heimdall.measurements (websdr_station_id, iq_data_location, recording_session_id, iq_sample_rate)
            SELECT id, $2::text, $3::uuid, $4::float8 FROM station RETURNING id";
        measurements.push(
            bench
                .value(insert, &[name, key, &session, &recordings::SAMPLE_RATE_HZ])
                .await,
        );
    }
    measurements
}

/// Every line is a log line, beginning with a date or a brace, without control or direction
/// characters.
fn assert_log_lines_intact(daemon: &Daemon) {
    for line in daemon.log_lines("") {
        assert!(
            line.starts_with("20") || line.starts_with('{'),
            "not a line of the log: {line:?}"
        );
        let is_unsafe =
            |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}');
        assert!(!line.chars().any(is_unsafe), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_keys_with_any_characters_are_kept_as_they_are() {
    let bench = Bench::new().await;
    for key in KEYS {
        bench.put(key, recordings::tone());
    }
    let mut names: Vec<String> = NAMES.iter().map(ToString::to_string).collect();
    names.push("x".repeat(2_000) + &"ä".repeat(49_000));
    // The unique index on names in our table limits a name to some 2.7 kB. An application may have no such index.
    bench
        .execute("ALTER TABLE heimdall.websdr_stations DROP CONSTRAINT websdr_stations_name_key")
        .await;
    let measurements = insert_session(&bench, &names, &KEYS).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete_all().await;
    bench.wait_count("heimdall.measurement_features", 7).await;
    for ((measurement, name), key) in measurements.iter().zip(&names).zip(KEYS.iter().cycle()) {
        let row = bench.row(*measurement).await.expect("a row");
        assert_eq!(row.error_message, None, "{key}");
        assert_eq!(row.features[0]["rx_id"].as_str(), Some(name.as_str()));
        assert_eq!(row.metadata["object_key"].as_str(), Some(*key));
    }
    // The views work too: they put no text into a statement.
    for view in [
        "session_features",
        "session_coverage",
        "feature_coverage",
        "session_measurements",
        "extraction_workers",
    ] {
        assert!(bench.count(&format!("heimdall.{view}")).await > 0, "{view}");
    }
    daemon.wait_for_log("feature extraction complete").await;
    assert_log_lines_intact(&daemon);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_locations_become_error_rows_and_single_log_lines() {
    for format in ["pretty", "json"] {
        let bench = Bench::new().await;
        let names: Vec<String> = NAMES.iter().map(ToString::to_string).collect();
        let measurements = insert_session(&bench, &names, &NAMES).await;
        let long = format!("2026/{}.bin", "\u{202e}y\n".repeat(200_000));
        let lengthen = "UPDATE heimdall.measurements SET iq_data_location = $2 WHERE id = $1";
        bench
            .sql
            .execute(lengthen, &[&measurements[0], &long])
            .await
            .expect("a location may be that long");
        let daemon = Daemon::start_with(&bench, &[("HEIMDALL_LOG_FORMAT", format)]).await;
        bench.complete_all().await;
        bench
            .wait_count("heimdall.measurement_features WHERE extraction_failed", 6)
            .await;
        let longest: i32 = bench
            .value(
                "SELECT max(octet_length(error_message)) FROM heimdall.measurement_features",
                &[],
            )
            .await;
        assert!(longest < 4_000, "a message of {longest} bytes");
        assert!(
            bench
                .count("heimdall.feature_failures WHERE example_message <> ''")
                .await
                > 0
        );
        // The kind is a parameter, not part of a statement: it is refused as unknown.
        let retry = "SELECT measurements_queued FROM heimdall.retry_failed($1)";
        let refused = bench.sql.query(retry, &[&"x' OR true; --"]).await;
        let code = refused.expect_err("it is no kind").code().cloned();
        assert_eq!(code, Some(SqlState::INVALID_PARAMETER_VALUE));
        assert_eq!(bench.count("heimdall.feature_queue WHERE source = 'retry'").await, 0);
        daemon.wait_for_log("feature extraction complete").await;
        assert_log_lines_intact(&daemon);
        for line in daemon.log_lines("").iter().filter(|_| format == "json") {
            serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_payload_of_a_notification_decides_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let still_recording = bench.record(&["a.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    // Any login may send a notification.
    let (other_login, _driving) = connect(&bench.url_as("app").await).await;
    let payloads = [
        still_recording.id.to_string(),
        format!(r#"{{"session_id": "{}", "status": "completed"}}"#, still_recording.id),
        "'; UPDATE heimdall.recording_sessions SET status = 'completed'; --".to_owned(),
        "forged\nERROR line \u{202e}".to_owned(),
        "x".repeat(7_999),
    ];
    for channel in ["heimdall_recording_completed", "heimdall_features_ready"] {
        for payload in &payloads {
            other_login
                .execute("SELECT pg_notify($1, $2)", &[&channel, payload])
                .await
                .expect("sent");
        }
    }
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await[0].failed);
    daemon.wait_for_log("feature extraction complete").await;
    assert!(bench.row(still_recording.measurements[0]).await.is_none());
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    assert_eq!(daemon.log_lines("forged"), Vec::<String>::new());
    assert_eq!(daemon.log_lines("WARN"), Vec::<String>::new());
    assert_log_lines_intact(&daemon);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_another_encoding_is_refused_with_what_to_type() {
    let cluster = crate::support::cluster().await;
    let name = empty_database().await;
    let (postgres, _driving) = connect(&cluster.url("postgres")).await;
    // LATIN1 lacks characters of our texts; SQL_ASCII may contain bytes that are no text.
    for encoding in ["SQL_ASCII", "LATIN1"] {
        let name = format!("{name}_{}", encoding.to_lowercase());
        postgres
            .batch_execute(&format!(
                "CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            ))
            .await
            .expect("a database");
        let url = heimdall_daemon::config::secret::Secret::new(cluster.url(&name));
        let error = heimdall_daemon::postgres::migrate::migrate(&url)
            .await
            .expect_err("the encoding is refused");
        let said = format!("{error:?}");
        assert!(
            said.contains(&format!("the encoding is {encoding}, it must be UTF8")) && said.contains("CREATE DATABASE"),
            "{said}"
        );
    }
}
