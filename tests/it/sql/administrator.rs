//! The statements in the administrator's document, `sql/README.md`, that change the installation.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate::migrate;

use crate::support::psql::psql;
use crate::support::{Bench, connect, empty_database};

const DOCUMENT: &str = include_str!("../../../sql/README.md");

/// The fenced block of SQL after a heading.
fn block(heading: &str) -> &'static str {
    let (_, section) = DOCUMENT.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let (_, block) = section.split_once("```sql\n").expect("a block");
    block.split_once("\n```").expect("its end").0
}

/// Our objects in the database, apart from roles: everything that an application did not create.
const OURS: &str = "
    SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM (
        SELECT relname FROM pg_class WHERE relnamespace = 'heimdall'::regnamespace
      UNION ALL
        SELECT proname FROM pg_proc WHERE pronamespace = 'heimdall'::regnamespace
      UNION ALL
        SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL
        SELECT nspacl::text FROM pg_namespace WHERE nspname = 'heimdall' AND nspacl::text LIKE '%heimdall%'
    ) AS found (name)";

/// The application's tables, with a session that is still recording.
const APPLICATION: &str = "
    CREATE SCHEMA heimdall;
    CREATE TABLE heimdall.websdr_stations (id uuid PRIMARY KEY, name text, latitude float8, longitude float8);
    CREATE TABLE heimdall.recording_sessions (id uuid PRIMARY KEY, status text, frequency_hz bigint,
        duration_seconds float8, created_at timestamptz);
    CREATE TABLE heimdall.measurements (id uuid PRIMARY KEY, websdr_station_id uuid, frequency_hz bigint,
        iq_data_location text, created_at timestamptz);
    INSERT INTO heimdall.recording_sessions VALUES
        ('00000000-0000-0000-0000-000000000002', 'recording', 145000000, 1, '2026-11-22 12:00Z');
    INSERT INTO heimdall.measurements VALUES
        ('00000000-0000-0000-0000-000000000003', NULL, 145000000, 'a.bin', '2026-11-22 18:00Z');";

async fn application() -> Bench {
    let mut bench = Bench::new().await;
    bench.database = empty_database().await;
    let (sql, _) = connect(&bench.url().await).await;
    bench.sql = sql;
    bench.execute(APPLICATION).await;
    bench
}

async fn install(bench: &Bench) {
    let url = Secret::new(bench.url().await);
    migrate(&url).await.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_uninstall_removes_everything_of_ours_and_nothing_else() {
    let bench = application().await;
    let before: String = bench.value(OURS, &[]).await;
    install(&bench).await;
    let installed: String = bench.value(OURS, &[]).await;
    assert!(installed.len() > before.len() + 500, "{installed}");
    bench.execute(block("Uninstall")).await;
    assert_eq!(bench.value::<String>(OURS, &[]).await, before);
    assert_eq!(bench.count("heimdall.measurements").await, 1);
    // The application works as before, and a new installation too.
    let complete = "UPDATE heimdall.recording_sessions SET status = 'completed'";
    bench.execute(complete).await;
    install(&bench).await;
    assert_eq!(bench.value::<String>(OURS, &[]).await, installed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_redefinition_decides_which_session_a_measurement_belongs_to() {
    let bench = application().await;
    install(&bench).await;
    bench
        .execute(
            "CREATE TABLE heimdall.captures (measurement uuid, session uuid);
             INSERT INTO heimdall.captures SELECT m.id, s.id FROM heimdall.measurements m, heimdall.recording_sessions s",
        )
        .await;
    // By time the measurement belongs to no session.
    assert_eq!(bench.count("heimdall.session_measurements").await, 0);
    bench.execute(block("Which measurement belongs to which session")).await;
    bench
        .execute("UPDATE heimdall.recording_sessions SET status = 'completed'")
        .await;
    bench.expand().await;
    assert_eq!(bench.count("heimdall.pending_features WHERE source = 'live'").await, 1);
    // A migration keeps it.
    install(&bench).await;
    assert_eq!(bench.count("heimdall.session_measurements").await, 1);
}

/// A person sees at once why nothing happens, and the call goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_a_sweep_says_so() {
    let bench = Bench::new().await;
    for call in [
        "request_backfill(station => 'nowhere')",
        "retry_failed()",
        "extract_again(since => '-infinity')",
    ] {
        bench
            .execute("BEGIN; SELECT FROM heimdall.sweep_state FOR UPDATE")
            .await;
        let mut waiting = Command::new(psql())
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--dbname",
                &bench.url().await,
            ])
            .args(["--command", &format!("SELECT measurements_queued FROM heimdall.{call}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql runs");
        let mut notices = BufReader::new(waiting.stderr.take().expect("its notices")).lines();
        if call.contains("nowhere") {
            let unknown = notices.next().expect("a notice").expect("a line");
            assert!(unknown.contains("no station has the name or id 'nowhere'"), "{unknown}");
        }
        let notice = notices.next().expect("a notice").expect("a line");
        assert!(notice.contains("waiting for a sweep"), "{notice}");
        bench.execute("COMMIT").await;
        let output = waiting.wait_with_output().expect("psql ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0", "{call}");
    }
}
