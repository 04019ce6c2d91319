//! Daemons and schemas of different versions, and a migration while daemons work.

use heimdall_daemon::sql::schema_version;

use crate::support::daemon::{Daemon, command, command_on};
use crate::support::{Bench, recordings, wait_until};

/// A lease of one second has three heartbeats, each of which checks the schema.
const QUICK: [(&str, &str); 1] = [("HEIMDALL_LEASE", "1s")];

/// Waits for this number of heartbeats of the only daemon.
async fn heartbeats(bench: &Bench, wanted: u32) {
    let beat = "SELECT max(beat_at)::text FROM heimdall.worker_heartbeats";
    for _ in 0..wanted {
        let before: Option<String> = bench.value(beat, &[]).await;
        let after = || async {
            let now: Option<String> = bench.value(beat, &[]).await;
            now != before
        };
        wait_until("a heartbeat", after).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_too_old_for_the_schema_logs_it_once_and_claims_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    let daemon = Daemon::start_with(&bench, &QUICK).await;
    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (9999, 'future', 9999)")
        .await;
    // The daemon has not checked the schema since, so the claim is refused.
    bench.complete(&session).await;
    daemon.wait_for_log("the schema does not fit, claiming stops").await;
    heartbeats(&bench, 3).await;
    assert_eq!(bench.count("heimdall.pending_features WHERE attempt = 0").await, 2);
    let lines = daemon.log_lines("WARN");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("schema version 9999, for daemons built for 9999 or later") && lines[0].contains("replace"),
        "{lines:?}"
    );

    bench
        .execute("DELETE FROM heimdall.schema_migrations WHERE version = 9999")
        .await;
    assert!(bench.rows(&session).await.iter().all(|row| !row.failed));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_compatible_schema_does_not_disturb_a_daemon() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let daemon = Daemon::start_with(&bench, &QUICK).await;
    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name) VALUES (9999, 'future')")
        .await;
    heartbeats(&bench, 2).await;
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await[0].failed);
    assert_eq!(daemon.log_lines("schema"), Vec::<String>::new());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_on_an_older_schema_asks_for_the_migration_and_starts_after_it() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    bench.expand().await;
    // The schema of version 7.
    bench
        .execute(
            "DELETE FROM heimdall.schema_migrations WHERE version > 7;
             ALTER TABLE heimdall.schema_migrations DROP COLUMN serves_from;
             ALTER TABLE heimdall.worker_heartbeats DROP COLUMN schema_version;
             DROP FUNCTION heimdall.expand_taken, heimdall.status_of;
             DROP VIEW heimdall.feature_backlog, heimdall.measurement_status, heimdall.feature_samples,
                 heimdall.session_features, heimdall.aligned_features;
             ALTER TABLE heimdall.measurement_features DROP COLUMN rx_id CASCADE;
             DROP VIEW heimdall.extraction_workers, heimdall.backfill_progress;
             DROP TABLE heimdall.feature_minutes, heimdall.queue_depth, heimdall.feature_parts, heimdall.change_notes, heimdall.cancelled_measurements,
                 heimdall.session_counts, heimdall.coverage_changes, heimdall.backfill_changes, heimdall.coverage_totals, heimdall.session_locks,
                 heimdall.installed_definitions, heimdall.page_actions;
             ALTER TABLE heimdall.feature_queue DROP COLUMN source_fingerprint, DROP COLUMN failure,
                 DROP COLUMN only_changed;
             ALTER TABLE heimdall.worker_heartbeats DROP COLUMN stalled;
             ALTER TABLE heimdall.sweep_state DROP COLUMN history_before;
             ALTER TABLE heimdall.backfills DROP COLUMN cancelled;",
        )
        .await;
    let daemon = Daemon::spawn(command_on(&bench, "run").await);
    daemon.wait_for_log("type: heimdalld migrate").await;
    let lines = daemon.log_lines("WARN");
    let needs = format!("schema version 7, this heimdalld needs {}", schema_version());
    assert!(lines.len() == 1 && lines[0].contains(&needs), "{lines:#?}");
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);

    let migrated = command()
        .arg("migrate")
        .env("HEIMDALL_DATABASE_URL", bench.url().await)
        .output()
        .expect("the binary runs");
    assert!(migrated.status.success(), "{migrated:?}");
    assert!(!bench.rows(&session).await[0].failed);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_may_run_while_daemons_work_and_sessions_complete() {
    const RECORDINGS: i32 = 400;
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(RECORDINGS, "a.bin", "recording").await;
    let (one, other) = (
        Daemon::start_with(&bench, &QUICK).await,
        Daemon::start_with(&bench, &QUICK).await,
    );
    let url = bench.url().await;
    let migrations = tokio::task::spawn_blocking(move || {
        for turn in 1..=8 {
            let migrated = command()
                .arg("migrate")
                .env("HEIMDALL_DATABASE_URL", &url)
                .output()
                .expect("the binary runs");
            assert!(migrated.status.success(), "turn {turn}: {migrated:?}");
        }
    });
    // In waves, so that triggers, claims and results run during all the migrations.
    let complete = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id IN
                    (SELECT id FROM heimdall.recording_sessions WHERE status = 'recording' LIMIT 10)";
    let mut completed = 0;
    while completed < RECORDINGS {
        completed += i32::try_from(bench.sql.execute(complete, &[]).await.expect("it completes")).expect("ten at most");
        // At most eighty recordings are queued, so that the waves last as long as the migrations.
        let behind = || async { bench.count("heimdall.feature_queue").await < 80 };
        wait_until("the daemons keep up", behind).await;
    }
    migrations.await.expect("every migration succeeds");
    bench
        .wait_count(
            "heimdall.measurement_features WHERE NOT extraction_failed",
            i64::from(RECORDINGS),
        )
        .await;
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    for daemon in [one, other] {
        assert_eq!(daemon.log_lines("refused"), Vec::<String>::new());
        daemon.stop().await;
    }
}
