//! Rows that a working database refuses.

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings, wait_for};

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
