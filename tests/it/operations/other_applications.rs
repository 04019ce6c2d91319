//! Databases of applications whose tables differ from ours: `tests/sql/applications/origin` has the one with a
//! row per station and second, and a table `measurement_features` of its own.

use std::process::Output;

use crate::support::daemon::{Daemon, command};
use crate::support::doctor::doctor;
use crate::support::psql::run_files;
use crate::support::{Bench, connect, empty_database, recordings, wait_until};

/// Samples of an object: one chunk of 200 ms at 12.5 kHz.
const SAMPLES: usize = 2_500;
const STATIONS: usize = 7;
const SECONDS: usize = 60;

/// A bench with that application's tables and rows, without ours.
async fn origin(arguments: &[&str]) -> Bench {
    let mut bench = Bench::new().await;
    bench.database = empty_database().await;
    bench.sql = connect(&bench.url().await).await.0;
    let files = [
        "tests/sql/applications/origin/schema.sql",
        "tests/sql/applications/origin/data.sql",
    ];
    run_files(&bench.url().await, arguments, &files);
    bench
}

async fn migrate(bench: &Bench, arguments: &[&str]) -> Output {
    command()
        .arg("migrate")
        .args(arguments)
        .env("HEIMDALL_DATABASE_URL", bench.url().await)
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the application asks, and how its tables are defined.
async fn answers(bench: &Bench) -> String {
    run_files(
        &bench.url().await,
        &[],
        &["tests/sql/applications/origin/statements.sql"],
    )
}

/// An object as that application stores it: complex128 in a `NumPy` file.
fn object() -> Vec<u8> {
    let doubles = recordings::tone_of(1, SAMPLES)
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|bytes| f64::from(f32::from_le_bytes(*bytes)).to_le_bytes())
        .collect::<Vec<u8>>();
    recordings::npy("<c16", SAMPLES, &doubles)
}

/// Inserts the measurements of the live session and completes it, as that application does.
async fn live_session(bench: &Bench) {
    let insert = format!(
        "INSERT INTO heimdall.measurements (timestamp, websdr_station_id, recording_session_id, frequency_hz, signal_strength_db,
             iq_data_location, iq_data_format, iq_sample_rate)
         SELECT timestamptz '2026-11-27 12:00Z' + s * interval '1 second', md5('station' || k)::uuid, md5('live')::uuid, 145000000, -61,
                format('s3://heimdall-raw-iq/sessions/live/chunk_%s_websdr_%s.npy', s, k), 'npy', 12500
         FROM generate_series(0, {SECONDS} - 1) s, generate_series(1, {STATIONS}) k;
         UPDATE heimdall.recording_sessions
         SET status = 'completed', session_end = session_start + interval '60 seconds', updated_at = now()
         WHERE session_name = 'Live'"
    );
    bench.execute(&insert).await;
}

/// Puts the objects of all sessions into the store. That application's writer names the objects of a
/// live session one second too late, so the first second is missing.
async fn put_objects(bench: &Bench) {
    let old = "SELECT array_agg(replace(iq_data_location, 's3://heimdall-raw-iq/', '')) FROM heimdall.measurements";
    for key in bench.value::<Vec<String>>(old, &[]).await {
        bench.put(&key, object());
    }
    for second in 1..=SECONDS {
        for station in 1..=STATIONS {
            bench.put(&format!("sessions/live/chunk_{second}_websdr_{station}.npy"), object());
        }
    }
}

async fn whole_path(bench: &Bench, index_build: &str) {
    put_objects(bench).await;
    let before = answers(bench).await;
    let check = migrate(bench, &["--check"]).await;
    let printed = stdout(&check);
    assert_eq!(check.status.code(), Some(1), "{printed}");
    for line in [
        "missing: sql/schema/0001_application_tables.sql",
        index_build,
        "ok      results: heimdall.measurement_features is the application's and stays as it is",
    ] {
        assert!(printed.contains(line), "no '{line}' in {printed}");
    }
    assert_eq!(answers(bench).await, before, "the check changes nothing");

    let migrated = migrate(bench, &[]).await;
    assert!(migrated.status.success(), "{migrated:?}");
    let check = migrate(bench, &["--check"]).await;
    assert!(check.status.success(), "{}", stdout(&check));

    let daemon = Daemon::start(bench).await;
    live_session(bench).await;
    let live = "heimdall.session_coverage WHERE state = 'partial' AND total_measurements = 420
                AND measurements_with_features = 413 AND measurements_failed = 7";
    bench.wait_count(live, 1).await;
    let queued = "SELECT measurements_queued FROM heimdall.request_backfill()";
    assert_eq!(bench.value::<i64>(queued, &[]).await, 42);
    let old = "heimdall.session_coverage WHERE state = 'complete' AND measurements_with_features = 14";
    bench.wait_count(old, 3).await;
    let done = || async {
        bench
            .count("heimdall.backfill_progress WHERE state = 'finished' AND done = 42")
            .await
            == 1
    };
    wait_until("the backfill ends", done).await;

    let of_its_measurement = "heimdall.extracted_features f JOIN heimdall.measurements m
        ON m.id = f.measurement_id AND m.timestamp = f.timestamp AND m.recording_session_id = f.recording_session_id";
    assert_eq!(bench.count(of_its_measurement).await, 462);
    let report = doctor(bench, &[]).await;
    report.assert_status(0);
    report.expect(
        "ok",
        "results",
        "heimdall.measurement_features is the application's",
        "",
    );
    report.expect("ok", "indexes", "all exist", "");
    daemon.stop().await;

    // The live session is the only change that the application itself has made.
    bench
        .execute(
            "DELETE FROM heimdall.measurements WHERE recording_session_id = md5('live')::uuid;
             UPDATE heimdall.recording_sessions SET status = 'recording' WHERE session_name = 'Live'",
        )
        .await;
    assert_eq!(answers(bench).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_with_a_features_table_of_its_own_gets_features_and_keeps_its_own() {
    let bench = origin(&[]).await;
    whole_path(&bench, "missing: CREATE INDEX ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hypertable_gets_its_indexes_plainly() {
    let bench = origin(&["--set", "hypertable=1"]).await;
    let build = "missing: CREATE INDEX IF NOT EXISTS heimdall_measurements_id_idx ON heimdall.measurements (id)  (writers wait meanwhile)";
    whole_path(&bench, build).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_blocks_a_migration_is_said_before_anything_changes() {
    let mut bench = Bench::new().await;
    bench.database = empty_database().await;
    bench.sql = connect(&bench.url().await).await.0;
    bench
        .execute(
            "CREATE SCHEMA heimdall;
             CREATE TABLE heimdall.websdr_stations (id uuid PRIMARY KEY, name text, latitude float8, longitude float8);
             CREATE TABLE heimdall.recording_sessions (id bigint PRIMARY KEY, status text);
             CREATE TABLE heimdall.measurements (id uuid PRIMARY KEY, websdr_station_id uuid, iq_data_location text);",
        )
        .await;
    for arguments in [&["--check"][..], &[]] {
        let output = migrate(&bench, arguments).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let lines = "wrong   heimdall.recording_sessions: recording_sessions.id has the type int8, which does not convert to uuid
        type: ALTER TABLE heimdall.recording_sessions ALTER COLUMN id TYPE uuid USING lpad(to_hex(id), 32, '0')::uuid;
";
        assert!(stdout(&output).contains(lines), "{output:?}");
    }
    let ours = "pg_class WHERE relnamespace = 'heimdall'::regnamespace AND relname = 'schema_migrations'";
    assert_eq!(bench.count(ours).await, 0);

    // A login without rights, and nothing but a status that never counts.
    let role = format!("stranger_{}", bench.database);
    bench.execute(&format!("CREATE ROLE {role} LOGIN")).await;
    let output = command()
        .arg("migrate")
        .env("HEIMDALL_DATABASE_URL", bench.url_as(&role).await)
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let line = format!("type: GRANT USAGE, CREATE ON SCHEMA heimdall TO {role};");
    assert!(stdout(&output).contains(&line), "{output:?}");
    bench
        .execute(
            "CREATE TYPE heimdall.state AS ENUM ('recording', 'done');
             ALTER TABLE heimdall.recording_sessions ALTER COLUMN id TYPE uuid USING lpad(to_hex(id), 32, '0')::uuid,
                 ALTER COLUMN status TYPE heimdall.state USING 'done';",
        )
        .await;
    let output = migrate(&bench, &[]).await;
    assert_eq!(
        output.status.code(),
        Some(1),
        "installed, but no status counts: {output:?}"
    );
    assert!(
        stdout(&output).contains("type: SELECT heimdall.set_completed_statuses('done');"),
        "{output:?}"
    );
    bench.execute("SELECT heimdall.set_completed_statuses('done')").await;
    let output = migrate(&bench, &[]).await;
    assert!(output.status.success(), "{output:?}");
}
