//! SIGTERM while the store, the database or both do not answer: the daemon ends in limited time and
//! releases its claims.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::daemon::{Daemon, USUAL_HANGUP, command_on, started_by};
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::tcp_proxy::{Mode, Target, TcpProxy};
use crate::support::{Bench, assert_extracted, connect, recordings, wait_until};

const GRACE: &str = "1s";
/// The grace time, two seconds each for the writer and the deregistration, and five for a machine
/// under load.
const LIMIT: Duration = Duration::from_secs(1 + 2 + 2 + 5);

/// A daemon with eight recordings in flight, whose object never comes.
async fn busy_daemon(bench: &Bench, store_proxy: &StoreProxy, settings: &[(&str, &str)]) -> Daemon {
    bench.put("a.bin", recordings::tone());
    bench.history(20, "a.bin", "recording").await;
    store_proxy.set("a.bin", Fault::Hang);
    let endpoint = store_proxy.endpoint();
    let own = [
        ("HEIMDALL_CONCURRENCY", "8"),
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
        ("HEIMDALL_SHUTDOWN_GRACE", GRACE),
    ];
    let daemon = Daemon::start_with(bench, &[&own, settings].concat()).await;
    bench.complete_all().await;
    bench.wait_claimed(8).await;
    daemon
}

async fn stop_in_time(mut daemon: Daemon) -> Daemon {
    let signalled = Instant::now();
    daemon.signal("TERM");
    let status = daemon.wait_exit().await;
    assert!(status.success(), "{status}: {:#?}", daemon.log_lines(""));
    assert!(signalled.elapsed() < LIMIT, "{:?}", signalled.elapsed());
    daemon
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_stalled_store_nothing_stays_claimed_after_the_grace_time() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let daemon = stop_in_time(busy_daemon(&bench, &store_proxy, &[]).await).await;
    daemon.assert_logged("given_back=8", 1).await;
    assert_eq!(
        bench
            .count("heimdall.feature_queue WHERE state = 'ready' AND attempt = 0 AND crashes = 0")
            .await,
        20
    );
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deregistration_does_not_wait_for_cancelled_statements() {
    let bench = Bench::new().await;
    let settings = [
        ("HEIMDALL_SHUTDOWN_GRACE", "300ms"),
        ("HEIMDALL_SWEEP_INTERVAL", "200ms"),
        ("HEIMDALL_POLL_INTERVAL", "200ms"),
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    let (other, _driving) = connect(&bench.url().await).await;
    let lock = "BEGIN; LOCK TABLE heimdall.measurements, heimdall.recording_sessions";
    other.batch_execute(lock).await.expect("a lock");
    wait_until("a statement of the daemon waits for the lock", || async {
        let waiting = bench.count_connections("wait_event_type = 'Lock'").await;
        waiting > 0
    })
    .await;
    let daemon = stop_in_time(daemon).await;
    daemon.assert_logged("stopped given_back=0", 1).await;
    other
        .batch_execute("COMMIT")
        .await
        .expect("the lock was held until now");
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
    wait_until("no connection of the daemon is left", || async {
        bench.count_connections("true").await == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_silent_database_the_daemon_ends_in_limited_time_and_another_takes_over() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let database_proxy = TcpProxy::to(Target::of_url(&bench.url().await)).await;
    let url = database_proxy.url_as("daemon", &bench.database);
    let daemon = busy_daemon(
        &bench,
        &store_proxy,
        &[("HEIMDALL_DATABASE_URL", &url), ("HEIMDALL_LEASE", "2s")],
    )
    .await;
    database_proxy.set(Mode::DropAll);
    let daemon = stop_in_time(daemon).await;
    assert_eq!(
        daemon.log_lines("stopped without the database").len(),
        1,
        "{:#?}",
        daemon.log_lines("stopp")
    );
    let heir = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "2s")]).await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 20)
        .await;
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_results_that_cannot_be_written_the_daemon_ends_in_limited_time() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let database_proxy = TcpProxy::to(Target::of_url(&bench.url().await)).await;
    let url = database_proxy.url_as("daemon", &bench.database);
    let daemon = busy_daemon(&bench, &store_proxy, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    // A failed request makes a result that must be written: the release.
    database_proxy.set(Mode::DropAll);
    store_proxy.set("", Fault::Status(503, "SlowDown"));
    stop_in_time(daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_the_daemon_immediately_with_the_signals_status() {
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let bench = Bench::new().await;
        let store_proxy = StoreProxy::start(bench.store.objects()).await;
        let mut daemon = busy_daemon(&bench, &store_proxy, &[("HEIMDALL_SHUTDOWN_GRACE", "10min")]).await;
        daemon.signal("TERM");
        daemon.wait_for_log("stopping").await;
        assert_eq!(daemon.exited(), None, "it waits for recordings in flight");
        daemon.signal(signal);
        assert_eq!(daemon.wait_exit().await.code(), Some(status));
        daemon.assert_logged("second signal", 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_right_after_the_first_log_line_ends_the_daemon_cleanly() {
    let bench = Bench::new().await;
    for _ in 0..20 {
        let mut daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_SHUTDOWN_GRACE", GRACE)]).await;
        daemon.wait_for_log("heimdalld starts").await;
        daemon.signal("TERM");
        let status = daemon.wait_exit().await;
        assert!(status.success(), "{status}: {:#?}", daemon.log_lines(""));
        assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_during_registration_leaves_no_heartbeat_row() {
    let bench = Bench::new().await;
    let (other, _) = connect(&bench.url().await).await;
    other
        .batch_execute("BEGIN; LOCK TABLE heimdall.worker_heartbeats IN SHARE MODE")
        .await
        .expect("the lock is free");
    let mut daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_SHUTDOWN_GRACE", GRACE)]).await;
    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    bench.wait_count(waiting, 1).await;
    daemon.signal("TERM");
    daemon.wait_for_log("stopping").await;
    other.batch_execute("COMMIT").await.expect("committed");
    let status = daemon.wait_exit().await;
    assert!(status.success(), "{status}: {:#?}", daemon.log_lines(""));
    daemon.assert_logged("registered", 1).await;
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_changes_nothing_where_no_terminal_has_gone() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let mut usual = started_by(&USUAL_HANGUP, &command_on(&bench, "run").await);
    usual.stdin(Stdio::null()).env("HEIMDALL_HTTP_ADDR", "off");
    let daemon = Daemon::spawn(usual);
    daemon.wait_for_log("listening").await;
    daemon.signal("HUP");
    daemon.wait_for_log("SIGHUP changes nothing").await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.stop().await;

    // As its caller wants it.
    let mut ignoring = started_by(&["nohup"], &command_on(&bench, "run").await);
    ignoring.stdin(Stdio::null()).stdout(Stdio::null());
    ignoring.env("HEIMDALL_HTTP_ADDR", "off");
    let daemon = Daemon::spawn(ignoring);
    daemon.wait_for_log("listening").await;
    daemon.signal("HUP");
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    assert_eq!(daemon.log_lines("SIGHUP"), Vec::<String>::new());
    daemon.stop().await;
}
