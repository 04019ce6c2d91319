//! Leases: which daemon may write, take-over, release at shutdown.

use std::time::Duration;

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_lost_its_lease_changes_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_millis(500))).await;
    let endpoint = store_proxy.endpoint();
    let stale = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s"), ("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    bench.complete(&session).await;
    store_proxy.wait_requested("a.bin").await;
    stale.signal("STOP");
    // This daemon reads without delay.
    let heir = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    let row = bench.rows(&session).await.remove(0);
    assert!(!row.failed);
    // The row exists before the line is logged.
    heir.wait_for_log("extracted features").await;
    heir.assert_logged("extracted features", 1).await;
    let stamp = "SELECT xmin::text || ' ' || updated_at FROM heimdall.measurement_features";
    let before: String = bench.value(stamp, &[]).await;

    stale.signal("CONT");
    stale.wait_for_log("lease expired: the claims are lost").await;
    wait_until("the late result is refused", || async {
        !stale.log_lines("lease lost").is_empty()
    })
    .await;
    stale.stop().await;
    assert_eq!(bench.value::<String>(stamp, &[]).await, before);
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_killed_mid_recording_loses_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Hang).await;
    let endpoint = store_proxy.endpoint();
    let killed = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s"), ("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    bench.complete(&session).await;
    bench.wait_claimed(2).await;
    drop(killed);

    let heir = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    assert!(bench.rows(&session).await.iter().all(|row| !row.failed));
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_releases_everything_after_the_grace_time() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(40, "a.bin", "recording").await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Hang).await;
    let endpoint = store_proxy.endpoint();
    let settings = [
        ("HEIMDALL_SHUTDOWN_GRACE", "100ms"),
        ("HEIMDALL_CONCURRENCY", "8"),
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
    ];
    let mut daemon = Daemon::start_with(&bench, &settings).await;
    bench.complete_all().await;
    bench.wait_claimed(8).await;
    daemon.signal("TERM");
    assert!(daemon.wait_exit().await.success());
    assert_eq!(
        bench.count("heimdall.pending_features WHERE attempt = 0").await,
        40,
        "no attempt is spent"
    );
    assert_eq!(bench.count("heimdall.extraction_workers").await, 0);
    assert_eq!(bench.count("heimdall.measurement_features").await, 0);
    daemon.assert_logged("given_back=8", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_what_is_in_flight_finish_within_the_grace_time() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_millis(700))).await;
    let endpoint = store_proxy.endpoint();
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    bench.complete(&session).await;
    store_proxy.wait_requested("a.bin").await;
    daemon.stop().await;
    assert!(!bench.row(session.measurements[0]).await.expect("a row").failed);
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_fails_while_others_work_is_retried_later() {
    for fault in [
        Fault::Status(503, "SlowDown"),
        Fault::Status(403, "AccessDenied"),
        Fault::Cut(50_000),
    ] {
        let bench = Bench::new().await;
        bench.put("good.bin", recordings::tone());
        bench.put("bad.bin", recordings::tone());
        let session = bench.record(&["bad.bin", "good.bin"]).await;
        let store_proxy = StoreProxy::with_fault(&bench, "bad.bin", fault).await;
        let endpoint = store_proxy.endpoint();
        let daemon = Daemon::start_with(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
        bench.complete(&session).await;
        bench
            .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 1)
            .await;
        bench
            .wait_count(
                "heimdall.feature_queue WHERE state = 'waiting' AND attempt = 1 AND NOT recheck",
                1,
            )
            .await;
        assert!(bench.row(session.measurements[0]).await.is_none(), "{fault:?}");
        daemon.stop().await;

        store_proxy.clear_faults();
        bench
            .execute("UPDATE heimdall.feature_queue SET due_at = now() WHERE state = 'waiting'")
            .await;
        let daemon = Daemon::start_with(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
        let row = bench.rows(&session).await.remove(0);
        assert_eq!((row.failed, row.attempts), (false, 2), "{fault:?}");
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_only_the_database_has_is_released_at_a_heartbeat() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let settings = [("HEIMDALL_LEASE", "3s"), ("HEIMDALL_POLL_INTERVAL", "1s")];
    let daemon = Daemon::start_with(&bench, &settings).await;
    let session = bench.record(&["a.bin"]).await;
    // As after a fail-over that kept the commit of a claim and lost the one of its result.
    let stray =
        "INSERT INTO heimdall.feature_queue (measurement_id, recording_session_id, measured_at, source, priority,
            state, attempt, claim_id, worker_id, claimed_at)
        SELECT $1, $2, now(), 'live', 0, 'claimed', 1, 4711, worker_id, now() FROM heimdall.worker_heartbeats";
    let inserted = bench.sql.execute(stray, &[&session.measurements[0], &session.id]).await;
    assert_eq!(inserted.expect("inserted"), 1);
    assert!(!bench.rows(&session).await[0].failed);
    daemon
        .assert_logged("claim response lost: the claimed rows are ready again", 1)
        .await;
    daemon.stop().await;
}
