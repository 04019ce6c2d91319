//! Rows that a working database refuses.

use crate::support::daemon::{ANY_PORT, Daemon, get};
use crate::support::doctor::doctor;
use crate::support::prometheus::Scrape;
use crate::support::{Bench, assert_extracted, recordings, wait_for, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_missing_for_a_while_cost_no_recording_its_features() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    bench
        .execute("REVOKE INSERT ON heimdall.measurement_features FROM heimdall_daemon")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'waiting' AND attempt = 1", 2)
        .await;
    assert_eq!(bench.count("heimdall.measurement_features").await, 0);
    assert!(daemon.log_lines("row refused")[0].contains("permission denied"));

    bench
        .execute("GRANT INSERT ON heimdall.measurement_features TO heimdall_daemon")
        .await;
    let rows = bench.rows_without_delays(&session).await;
    assert!(rows.iter().all(|row| !row.failed && row.attempts == 2), "{rows:?}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_always_refused_becomes_an_error_row_and_the_others_are_written() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    // A trigger of the application.
    let refuse = format!(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON heimdall.measurement_features FOR EACH ROW
         WHEN (new.measurement_id = '{}' AND NOT new.extraction_failed) EXECUTE FUNCTION public.refuse()",
        session.measurements[1]
    );
    bench.execute(&refuse).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let others = [session.measurements[0], session.measurements[2]];
    for measurement in others {
        let row = wait_for("the rows of the others", || bench.row(measurement)).await;
        assert!(!row.failed && row.attempts == 1, "{row:?}");
    }
    let rows = bench.rows_without_delays(&session).await;
    assert!(rows[1].failed && rows[1].attempts == 5, "{rows:?}");
    assert_eq!(rows[1].error_kind.as_deref(), Some("internal"));
    let message = rows[1].error_message.as_deref().unwrap_or_default();
    assert!(
        message.contains("the row was refused") && message.contains("not this one"),
        "{message}"
    );
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_refused_together_with_its_error_row_comes_to_an_end() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    let refused = session.measurements[1];
    let refuse = format!(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'none of these'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON heimdall.measurement_features FOR EACH ROW
         WHEN (new.measurement_id = '{refused}') EXECUTE FUNCTION public.refuse()"
    );
    bench.execute(&refuse).await;
    let daemon = Daemon::start_with(&bench, &[ANY_PORT]).await;
    bench.complete(&session).await;
    let parked =
        "heimdall.feature_queue WHERE state = 'waiting' AND due_at = 'infinity' AND failure LIKE '%none of these%'";
    wait_until("it waits until somebody acts", || async {
        let now = "UPDATE heimdall.feature_queue SET state = 'ready', due_at = NULL WHERE state = 'waiting' AND due_at < 'infinity';
            SELECT heimdall.wake_workers()";
        bench.execute(now).await;
        bench.count(parked).await == 1
    })
    .await;
    let row = wait_for("the row of the other", || bench.row(session.measurements[0])).await;
    assert!(!row.failed);
    // It stays so, and everybody says it.
    let next: Option<i64> = bench
        .value(include_str!("../../../sql/queries/promote_due.sql"), &[])
        .await;
    assert_eq!((next, bench.count(parked).await), (Some(0), 1));
    assert_eq!(bench.count("heimdall.feature_backlog WHERE set_aside = 1").await, 1);
    daemon.assert_logged("waiting until somebody acts", 1).await;
    let metrics = get(&format!("{}/metrics", daemon.http().await)).await.1;
    assert_eq!(Scrape::parse(&metrics).count("heimdalld_measurements_parked_total"), 1);
    let report = doctor(&bench, &[]).await;
    report.expect("wrong", "stalled", "none of these", "retry_failed");

    bench
        .execute("DROP TRIGGER refuse ON heimdall.measurement_features")
        .await;
    let found: i64 = bench
        .value("SELECT measurements_queued FROM heimdall.retry_failed()", &[])
        .await;
    assert_eq!(found, 1);
    assert_extracted(&bench.rows(&session).await, 1);
    bench.wait_count("heimdall.feature_queue", 0).await;
    daemon.stop().await;
}
