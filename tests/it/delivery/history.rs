//! Sweep, backfill, retry and pause.

use tokio_postgres::Row;
use uuid::Uuid;

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings, wait_for, wait_until};

async fn one(bench: &Bench, query: &str) -> Row {
    bench
        .sql
        .query_one(query, &[])
        .await
        .unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_queues_each_measurement_once_and_reports_its_progress() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(60, "a.bin", "completed").await;
    let first = one(&bench, "SELECT * FROM heimdall.request_backfill(10, 2)").await;
    assert_eq!(
        (
            first.get::<_, i64>("recordings_found"),
            first.get::<_, i64>("measurements_queued")
        ),
        (20, 20)
    );
    let second = one(&bench, "SELECT * FROM heimdall.request_backfill()").await;
    assert_eq!(
        second.get::<_, i64>("measurements_queued"),
        40,
        "the first twenty are not queued again"
    );
    let third = one(&bench, "SELECT * FROM heimdall.request_backfill()").await;
    assert_eq!(third.get::<_, i64>("measurements_queued"), 0);
    let newest_first = "SELECT bool_and(recent) FROM (SELECT measured_at >= now() - interval '21 minutes' AS recent
                        FROM heimdall.pending_features ORDER BY priority, id LIMIT 20) first";
    assert!(bench.value::<bool>(newest_first, &[]).await);

    let daemon = Daemon::start(&bench).await;
    bench
        .wait_count("heimdall.backfill_progress WHERE state = 'finished'", 3)
        .await;
    let id: Uuid = first.get("backfill_id");
    let progress = "SELECT total, done, failed, percent::float8 FROM heimdall.backfill_progress WHERE backfill_id = $1";
    let progress = bench
        .sql
        .query_one(progress, &[&id])
        .await
        .expect("the backfill is listed");
    assert_eq!(
        (
            progress.get::<_, i64>(0),
            progress.get::<_, i64>(1),
            progress.get::<_, i64>(2)
        ),
        (20, 20, 0)
    );
    assert!((progress.get::<_, f64>(3) - 100.0).abs() < f64::EPSILON);
    let coverage = one(
        &bench,
        "SELECT recordings_with_features, coverage_percent::float8 FROM heimdall.feature_coverage",
    )
    .await;
    assert_eq!((coverage.get::<_, i64>(0), coverage.get::<_, f64>(1)), (60, 100.0));
    daemon.wait_for_log("backfill").await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_backfill_leaves_the_queue() {
    let bench = Bench::new().await;
    bench.history(50, "a.bin", "completed").await;
    let request = one(&bench, "SELECT * FROM heimdall.request_backfill()").await;
    let id: Uuid = request.get("backfill_id");
    let cancelled = bench
        .value::<i64>(
            "SELECT measurements_cancelled FROM heimdall.cancel_backfill($1)",
            &[&id],
        )
        .await;
    assert_eq!((cancelled, bench.count("heimdall.feature_queue").await), (50, 0));
    assert_eq!(
        bench
            .count("heimdall.backfill_progress WHERE state = 'cancelled'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_failed_queues_the_failures_of_one_kind() {
    let bench = Bench::new().await;
    let session = bench.record(&["short.bin", "zeros.bin"]).await;
    bench.put("short.bin", recordings::tone()[..800].to_vec());
    bench.put("zeros.bin", vec![0; 96_000]);
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    daemon.wait_for_log("feature extraction complete").await;

    bench.put("short.bin", recordings::tone());
    bench.put("zeros.bin", recordings::tone());
    let retried = one(
        &bench,
        "SELECT measurements_queued FROM heimdall.retry_failed('too_short')",
    )
    .await;
    assert_eq!(retried.get::<_, i64>(0), 1);
    wait_for("the short recording has features", || async {
        bench.row(session.measurements[0]).await.filter(|row| !row.failed)
    })
    .await;
    assert!(
        bench.row(session.measurements[1]).await.expect("a row").failed,
        "the other kind was not retried"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_applies_to_the_next_claim_and_a_resume_takes_effect_immediately() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let (paused, after) = (bench.record(&["a.bin"]).await, bench.record(&["a.bin"]).await);
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    bench.execute("SELECT heimdall.pause_extraction('antenna work')").await;
    bench.complete(&paused).await;
    // The notification wakes the daemon, and it claims nothing. The log line comes with a heartbeat, so some time has
    // passed.
    daemon.wait_for_log("extraction paused").await;
    bench.wait_count("heimdall.pending_features", 1).await;
    bench.execute("SELECT heimdall.resume_extraction()").await;
    assert!(!bench.rows(&paused).await[0].failed);
    bench.complete(&after).await;
    assert!(!bench.rows(&after).await[0].failed);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_queues_what_no_trigger_saw_by_one_daemon_at_a_time() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(30, "a.bin", "completed").await;
    let settings = [
        ("HEIMDALL_SWEEP_INTERVAL", "1s"),
        ("HEIMDALL_SWEEP_RECORDINGS", "10"),
        ("HEIMDALL_SWEEP_HISTORY", "on"),
    ];
    let (one, other) = (
        Daemon::start_with(&bench, &settings).await,
        Daemon::start_with(&bench, &settings).await,
    );
    bench.wait_count("heimdall.measurement_features", 30).await;
    let sweeps = || [one.log_lines(" sweep"), other.log_lines(" sweep")].concat();
    wait_until("three sweeps have found ten each", || async {
        sweeps().iter().filter(|line| line.contains("queued=10")).count() >= 3
    })
    .await;
    assert_eq!(
        sweeps().iter().filter(|line| line.contains("queued=10")).count(),
        3,
        "{:#?}",
        sweeps()
    );
    one.stop().await;
    other.stop().await;
}
