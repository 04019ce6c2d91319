//! `heimdalld doctor`: every fault is caused on purpose, and its line and command are checked.

use crate::support::daemon::Daemon;
use crate::support::doctor::doctor;
use crate::support::{Bench, connect};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_wrong_every_line_is_ok_and_the_status_is_0() {
    let bench = Bench::new().await;
    let daemon = Daemon::start(&bench).await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    let subjects = [
        "database",
        "clock",
        "schema",
        "server",
        "trigger heimdall_session_updated",
        "functions and views",
        "login",
        "rights",
        "indexes",
        "autovacuum",
        "oldest snapshot",
        "notification queue",
        "workers",
        "pause",
        "notifications",
        "store",
        "store's clock",
        "bucket heimdall-raw-iq",
    ];
    for subject in subjects {
        report.expect("ok", subject, "", "");
    }
    report.expect("ok", "workers", "1 alive", "");
    assert_eq!(
        report.text.matches("type:").count(),
        1,
        "only the snapshot, which the login may not see: {}",
        report.text
    );
    assert!(
        report.text.ends_with(" checks, 0 wrong, 0 to look at\n"),
        "{}",
        report.text
    );
    daemon.stop().await;
}

/// Disables all our triggers for every session.
const SILENCE_TRIGGERS: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database()); END $$";
const RESET_ROLE: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I RESET session_replication_role', current_database()); END $$";

/// A statement that breaks something, and the line that reports it: level, subject, words, command.
/// All are broken at the same time.
const BREAKS: [(&str, &str, &str, &str, &str); 10] = [
    (
        "ALTER TABLE heimdall.recording_sessions DISABLE TRIGGER heimdall_session_updated",
        "wrong",
        "trigger heimdall_session_updated",
        "disabled",
        "ALTER TABLE heimdall.recording_sessions ENABLE TRIGGER heimdall_session_updated;",
    ),
    (
        "ALTER TABLE heimdall.measurements ENABLE REPLICA TRIGGER heimdall_measurement_inserted",
        "wrong",
        "trigger heimdall_measurement_inserted",
        "disabled",
        "ENABLE TRIGGER heimdall_measurement_inserted;",
    ),
    (
        "DROP TRIGGER heimdall_measurement_updated ON heimdall.measurements",
        "wrong",
        "trigger heimdall_measurement_updated",
        "missing",
        "heimdalld migrate",
    ),
    (
        "DROP FUNCTION heimdall.cancel_backfill(uuid)",
        "wrong",
        "functions and views",
        "missing: cancel_backfill",
        "heimdalld migrate",
    ),
    (
        "DROP INDEX heimdall.heimdall_measurements_created_at_idx",
        "wrong",
        "indexes",
        "measurements.created_at",
        "heimdalld migrate",
    ),
    (
        "REVOKE UPDATE ON heimdall.sweep_state FROM heimdall_daemon",
        "wrong",
        "rights",
        "UPDATE on sweep_state",
        "heimdalld migrate",
    ),
    (
        "ALTER TABLE heimdall.feature_queue SET (autovacuum_enabled = off)",
        "warning",
        "autovacuum",
        "switched off for heimdall.feature_queue",
        "RESET (autovacuum_enabled)",
    ),
    (
        "SELECT heimdall.pause_extraction('store maintenance')",
        "warning",
        "pause",
        "store maintenance",
        "heimdall.resume_extraction()",
    ),
    (
        SILENCE_TRIGGERS,
        "wrong",
        "triggers",
        "session_replication_role = replica for everybody in database",
        "RESET session_replication_role;",
    ),
    ("SELECT 1", "warning", "workers", "no daemon is alive", "heimdalld run"),
];

/// More transactions than the doctor accepts since the oldest snapshot.
const MANY_TRANSACTIONS: &str =
    "DO $$ BEGIN FOR n IN 1..1000001 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_in_the_database_is_reported_with_the_command_that_mends_it() {
    // An own cluster has no snapshots of other tests.
    let bench = Bench::with_own_cluster().await;
    for (broken, ..) in BREAKS {
        bench.execute(broken).await;
    }
    let report = doctor(&bench, &[]).await;
    report.assert_status(1);
    for (_, level, subject, words, hint) in BREAKS {
        report.expect(level, subject, words, hint);
    }
    assert!(
        report.text.ends_with(" checks, 7 wrong, 3 to look at\n"),
        "{}",
        report.text
    );

    // A migration mends what the commands say. With warnings alone the status is 0.
    bench.execute(RESET_ROLE).await;
    bench
        .execute("ALTER TABLE heimdall.recording_sessions ENABLE TRIGGER heimdall_session_updated")
        .await;
    bench
        .execute("ALTER TABLE heimdall.measurements ENABLE TRIGGER heimdall_measurement_inserted")
        .await;
    let url = heimdall_daemon::config::secret::Secret::new(bench.url().await);
    heimdall_daemon::postgres::migrate::migrate(&url)
        .await
        .expect("sql/ installs");
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    assert!(
        report.text.ends_with(" checks, 0 wrong, 3 to look at\n"),
        "{}",
        report.text
    );

    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (4711, 'later', 4711)")
        .await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(1);
    report.expect("wrong", "schema", "4711", "replace this heimdalld by the newer one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_holds_the_oldest_snapshot_is_named() {
    // An own cluster has no snapshots of other tests.
    let bench = Bench::with_own_cluster().await;
    bench
        .execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM heimdall.feature_queue")
        .await;
    let pid: i32 = bench.value("SELECT pg_backend_pid()", &[]).await;
    let url = bench.url().await;
    let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    report.expect("ok", "oldest snapshot", &format!("held by process {pid} "), "");
    // The daemon's login cannot see the snapshots of others, and the line says so.
    let report = doctor(&bench, &[]).await;
    report.expect(
        "ok",
        "oldest snapshot",
        "cannot see",
        "GRANT pg_read_all_stats TO daemon;",
    );
    // After a million transactions it is a warning.
    let (other, _) = connect(&url).await;
    // Separate calls, since one call would be one transaction.
    for statement in ["SET synchronous_commit = off", MANY_TRANSACTIONS] {
        other.batch_execute(statement).await.expect("they commit");
    }
    let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    report.assert_status(0);
    report.expect(
        "warning",
        "oldest snapshot",
        "dead rows of the queue cannot be removed",
        &format!("SELECT pg_terminate_backend({pid});"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_autovacuum_and_a_read_only_server_are_reported() {
    let mut bench = Bench::with_own_cluster().await;
    let standby = tokio::task::block_in_place(|| bench.own_cluster().standby()).expect("a standby");
    let url = standby.url_as("daemon", &bench.database);
    let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    report.assert_status(1);
    report.expect("wrong", "database", "takes no writes", "SELECT pg_is_in_recovery();");

    bench.own_cluster().set_for_next_start(&["autovacuum=off"]);
    tokio::task::block_in_place(|| bench.own_cluster().restart()).expect("it starts again");
    bench.reconnect().await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    report.expect(
        "warning",
        "autovacuum",
        "the whole server",
        "ALTER SYSTEM SET autovacuum = on",
    );
}
