//! SIGTERM while the store, the database or both do not answer: the time is limited, and nothing stays held.

use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::tcp_proxy::{Mode, Target, TcpProxy};
use crate::support::{Bench, connect, recordings, wait_for};

const GRACE: &str = "1s";
/// The grace time, two seconds each for the writer and the farewell, and what a busy machine adds.
const LIMIT: Duration = Duration::from_secs(1 + 2 + 2 + 5);

/// Eight recordings in hand, of an object that never comes.
async fn loaded(bench: &Bench, store_proxy: &StoreProxy, settings: &[(&str, &str)]) -> Daemon {
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

async fn stops_in_time(mut daemon: Daemon) -> Daemon {
    let told = Instant::now();
    daemon.signal("TERM");
    let status = daemon.wait_exit().await;
    assert!(status.success(), "{status}: {:#?}", daemon.log_lines(""));
    assert!(told.elapsed() < LIMIT, "{:?}", told.elapsed());
    daemon
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_stalled_store_nothing_is_held_after_the_grace_time() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let daemon = stops_in_time(loaded(&bench, &store_proxy, &[]).await).await;
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
async fn the_farewell_does_not_wait_behind_what_the_end_has_broken_off() {
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
    let ours = "pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'heimdalld%'";
    wait_for("a statement of it waits", || async {
        let waiting = bench.count(&format!("{ours} AND wait_event_type = 'Lock'")).await;
        (waiting > 0).then_some(())
    })
    .await;
    let daemon = stops_in_time(daemon).await;
    daemon.assert_logged("stopped given_back=0", 1).await;
    other.batch_execute("COMMIT").await.expect("it was held to the end");
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
    bench.wait_count(ours, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_silent_database_it_ends_in_limited_time_and_another_takes_over() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let database_proxy = TcpProxy::to(Target::of_url(&bench.url().await)).await;
    let url = database_proxy.url_as("daemon", &bench.database);
    let daemon = loaded(
        &bench,
        &store_proxy,
        &[("HEIMDALL_DATABASE_URL", &url), ("HEIMDALL_LEASE", "2s")],
    )
    .await;
    database_proxy.set(Mode::DropAll);
    let daemon = stops_in_time(daemon).await;
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
async fn with_results_that_cannot_be_written_it_ends_in_limited_time() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let database_proxy = TcpProxy::to(Target::of_url(&bench.url().await)).await;
    let url = database_proxy.url_as("daemon", &bench.database);
    let daemon = loaded(&bench, &store_proxy, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    // Whoever cannot fetch has a verdict to write: given back.
    database_proxy.set(Mode::DropAll);
    store_proxy.set("", Fault::Status(503, "SlowDown"));
    stops_in_time(daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_now_with_a_status_that_names_the_signal() {
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let bench = Bench::new().await;
        let store_proxy = StoreProxy::start(bench.store.objects()).await;
        let mut daemon = loaded(&bench, &store_proxy, &[("HEIMDALL_SHUTDOWN_GRACE", "10min")]).await;
        daemon.signal("TERM");
        daemon.wait_for_log("stopping").await;
        assert_eq!(daemon.exited(), None, "it gives what is in hand its time");
        daemon.signal(signal);
        assert_eq!(daemon.wait_exit().await.code(), Some(status));
        daemon.assert_logged("second signal", 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_its_first_word_on_a_signal_ends_it_in_order() {
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
async fn a_signal_while_it_registers_leaves_no_worker_behind() {
    let bench = Bench::new().await;
    let (other, _) = connect(&bench.url().await).await;
    other
        .batch_execute("BEGIN; LOCK TABLE heimdall.worker_heartbeats IN SHARE MODE")
        .await
        .expect("nobody else has it");
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
