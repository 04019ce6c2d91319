//! The reports that the commands and the operator's page show.

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::Database;
use heimdall_daemon::queue::Queue;
use heimdall_daemon::status::StatusReader;
use heimdall_daemon::status::overview::Overview;
use uuid::Uuid;

use crate::support::bench::Session;
use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings, wait_until};

/// Reads reports with this login.
async fn reader(bench: &Bench, role: &str) -> StatusReader {
    let database = Database::new(&Secret::new(bench.url_as(role).await)).expect("an address");
    StatusReader::new(Queue::new(&database).expect("a pool"))
}

/// The whole after one recording with features and two failures.
fn check_overview(overview: &Overview, daemon: &Daemon) {
    assert_eq!(overview.database.coverage.measurements_with_features, 1);
    assert_eq!(overview.database.coverage.total_measurements, 3);
    let hour = overview.throughput.hour;
    assert_eq!(
        (hour.done.extracted, hour.done.failed, hour.latency.recordings),
        (1, 2, 3)
    );
    assert!(
        hour.latency
            .p50_s
            .is_some_and(|seconds| seconds > 0.0 && seconds < 60.0),
        "{hour:?}"
    );
    assert!(hour.done.read_bytes > 0 && hour.done.extract_s > 0.0, "{hour:?}");
    assert_eq!(overview.throughput.day.done, hour.done);
    let kinds: Vec<_> = overview
        .failures
        .iter()
        .filter_map(|failure| failure.error_kind.clone())
        .collect();
    assert_eq!(kinds, ["invalid_format", "not_found"]);
    assert!(overview.failures[1].what_to_do.contains("retry_failed"));
    let [worker] = &overview.workers[..] else {
        panic!("{:?}", overview.workers)
    };
    assert_eq!((worker.is_alive, worker.pid), (true, i32::try_from(daemon.pid()).ok()));
}

/// The session of these three, and two of its measurements.
async fn check_session(reader: &StatusReader, session: &Session) {
    let report = reader.session(session.id).await.expect("a report").expect("it exists");
    assert_eq!((report.measurements, report.is_completed), (3, true));
    let states: Vec<_> = report
        .receivers
        .iter()
        .map(|receiver| receiver.state.as_str())
        .collect();
    assert_eq!(states[..2], ["done", "failed"]);
    let done = &report.receivers[0];
    assert_eq!((done.rx_id.as_deref(), done.segments), (Some("Station 1"), Some(1.0)));
    assert!(
        done.mean_snr_db.is_some() && done.is_signal_present == Some(true),
        "{done:?}"
    );
    // It is looked for again, or was.
    assert_eq!(report.receivers[2].error_kind.as_deref(), Some("not_found"));

    let report = reader
        .measurement(session.measurements[0])
        .await
        .expect("a report")
        .expect("it exists");
    assert_eq!(
        (
            report.status.state.as_str(),
            report.total_segments,
            report.segments.len()
        ),
        ("done", 1, 1)
    );
    let result = report.result.expect("a row");
    assert_eq!(result["extraction_metadata"]["object_key"], "a.bin");
    assert!(result.get("receiver_features").is_none());
    let report = reader
        .measurement(session.measurements[1])
        .await
        .expect("a report")
        .expect("it exists");
    assert_eq!(report.kind.expect("it failed")["error_kind"], "invalid_format");

    assert!(reader.session(Uuid::from_u128(7)).await.expect("an answer").is_none());
    assert!(
        reader
            .measurement(Uuid::from_u128(7))
            .await
            .expect("an answer")
            .is_none()
    );
    assert!(
        reader
            .dictionary()
            .await
            .expect("entries")
            .iter()
            .any(|entry| entry.name == "snr_db")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_has_what_was_done_and_by_whom_and_what_failed_and_why() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.put("b.bin", b"RIFF".to_vec());
    let session = bench.record(&["a.bin", "b.bin", "gone.bin"]).await;
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    bench
        .wait_count("heimdall.feature_minutes WHERE failed = 2 AND extracted = 1", 1)
        .await;

    for login in ["daemon", "postgres"] {
        let reader = reader(&bench, login).await;
        check_overview(&reader.overview().await.expect("a report"), &daemon);
        check_session(&reader, &session).await;
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_between_the_last_heartbeat_and_the_end_counts_too() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    // No heartbeat comes in time.
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1h")]).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    daemon.stop().await;
    assert_eq!(
        bench
            .count("heimdall.feature_minutes WHERE extracted = 1 AND extract_s > 0")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_and_a_pause_are_in_the_report() {
    let bench = Bench::new().await;
    bench.history(3, "a.bin", "completed").await;
    bench
        .execute("SELECT heimdall.request_backfill(); SELECT heimdall.pause_extraction('maintenance')")
        .await;
    let reader = reader(&bench, "daemon").await;
    let pause = reader
        .overview()
        .await
        .expect("a report")
        .database
        .pause
        .expect("it is paused");
    assert_eq!((pause.reason.as_str(), pause.by.as_str()), ("maintenance", "postgres"));
    let [backfill] = &reader.backfills(None).await.expect("a report")[..] else {
        panic!("one backfill")
    };
    assert_eq!(
        (backfill.state.as_str(), backfill.total, backfill.has_ended()),
        ("paused", 3, false)
    );
    let cancel = format!("SELECT heimdall.cancel_backfill('{}')", backfill.backfill_id);
    bench.execute(&cancel).await;
    let found = reader.backfills(Some(backfill.backfill_id)).await.expect("a report");
    assert!(found[0].has_ended() && found[0].cancelled == 3, "{found:?}");
    wait_until("the count of the queue is new", || async {
        reader.overview().await.expect("a report").queue.total == 0
    })
    .await;
}
