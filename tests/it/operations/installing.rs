//! `heimdalld migrate`: repeated, concurrent, and over tables of an application.

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate::{check, migrate};
use heimdall_daemon::sql::schema_version;

use crate::support::daemon::{Daemon, command};
use crate::support::{Bench, cluster, connect, empty_database, recordings, wait_for};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_migration_changes_nothing_and_the_check_agrees() {
    let url = cluster().await.url(&empty_database().await);
    let run = |arguments: &[&str]| {
        command()
            .args(arguments)
            .env("HEIMDALL_DATABASE_URL", &url)
            .output()
            .expect("the binary runs")
    };
    assert_eq!(
        run(&["migrate", "--check"]).status.code(),
        Some(1),
        "the check of an empty database fails"
    );
    let first = run(&["migrate"]);
    assert!(first.status.success(), "{first:?}");
    let second = run(&["migrate"]);
    let printed = String::from_utf8_lossy(&second.stdout).into_owned();
    assert!(
        printed.starts_with(&format!("schema version {}: 0 schema files applied", schema_version())),
        "{printed}"
    );
    assert!(printed.trim().ends_with("0 indexes built"), "{printed}");
    let check = run(&["migrate", "--check"]);
    assert!(check.status.success(), "{check:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_migrations_at_once_all_succeed() {
    let url = Secret::new(cluster().await.url(&empty_database().await));
    let migrations = (0..20).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { migrate(&url).await })
    });
    let mut applied = 0;
    for migration in migrations.collect::<Vec<_>>() {
        let report = migration
            .await
            .expect("no panic")
            .unwrap_or_else(|error| panic!("{error}"));
        applied += usize::from(!report.schema_files.is_empty());
    }
    assert_eq!(applied, 1, "more than one migration applied schema files");
    let report = check(&url).await.expect("the check runs");
    assert!(
        report.schema_files.is_empty() && report.indexes.is_empty(),
        "{report:?}"
    );
}

/// The application's tables without any optional column, with a session.
const APPLICATION: &str = "
    CREATE SCHEMA heimdall;
    CREATE TABLE heimdall.websdr_stations (id uuid PRIMARY KEY, name text UNIQUE, latitude float8, longitude float8, country text);
    CREATE TABLE heimdall.recording_sessions (id uuid PRIMARY KEY, user_id uuid, status text, frequency_hz bigint,
        bandwidth_hz int, duration_seconds float8, created_at timestamptz, updated_at timestamptz);
    CREATE TABLE heimdall.measurements (id uuid PRIMARY KEY, websdr_station_id uuid, frequency_hz bigint,
        signal_strength_db float8, iq_data_location text, created_at timestamptz, operator_note text);
    INSERT INTO heimdall.websdr_stations VALUES ('00000000-0000-0000-0000-000000000001', 'Torino', 45.04, 7.67, 'IT');
    INSERT INTO heimdall.recording_sessions VALUES ('00000000-0000-0000-0000-000000000002', NULL, 'recording', 145000000, 12500, 1,
        '2026-11-22 12:00Z', NULL);
    INSERT INTO heimdall.measurements VALUES ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000001',
        145000000, -70, 'a.bin', '2026-11-22 12:00:00.5Z', 'windy');";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_existing_application_keeps_its_tables_and_gets_features() {
    let mut bench = Bench::new().await;
    bench.database = empty_database().await;
    let (sql, _) = connect(&bench.url().await).await;
    bench.sql = sql;
    bench.execute(APPLICATION).await;
    migrate(&Secret::new(bench.url().await))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let columns = "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns
                   WHERE table_schema = 'heimdall' AND table_name = 'measurements'";
    let columns: String = bench.value(columns, &[]).await;
    assert_eq!(
        columns,
        "id websdr_station_id frequency_hz signal_strength_db iq_data_location created_at operator_note"
    );

    // No source gives the sample rate, so it is 200 kHz, and a chunk has 40,000 samples.
    let samples = (0..40_000_u16).map(|n| (f32::from(n % 7) / 7.0, f32::from(n % 3) / 3.0));
    bench.put("a.bin", recordings::to_bytes(samples));
    let daemon = Daemon::start(&bench).await;
    bench.complete_all().await;
    let row = wait_for("the row", || {
        bench.row("00000000-0000-0000-0000-000000000003".parse().expect("an id"))
    })
    .await;
    assert_eq!(row.error_message, None);
    assert_eq!(
        (&row.features[0]["rx_id"], &row.features[0]["num_chunks"]),
        (&"Torino".into(), &1.into())
    );
    let timestamp = "SELECT timestamp = '2026-11-22 12:00:00.5Z' FROM heimdall.measurement_features";
    assert!(
        bench.value::<bool>(timestamp, &[]).await,
        "the row has the time of the measurement"
    );
    daemon.stop().await;
}
