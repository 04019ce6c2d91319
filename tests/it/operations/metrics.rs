//! `/metrics`: every documented metric exists and changes when it should.

use std::time::Duration;

use crate::support::daemon::{ANY_PORT, Daemon};
use crate::support::prometheus::Scrape;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, recordings, wait_for, wait_until};

const OPERATOR: &str = include_str!("../../../deploy/README.md");

async fn scrape(http: &str) -> Scrape {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(format!("{http}/metrics")).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    Scrape::parse(&response.text().await.expect("a text"))
}

/// Waits until a series is at least `least`.
async fn reaches(http: &str, series: &str, least: u64) -> Scrape {
    wait_for(&format!("{series} reaches {least}"), || async {
        let scrape = scrape(http).await;
        (scrape.count(series) >= least).then_some(scrape)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_are_those_that_the_operators_document_lists() {
    let bench = Bench::new().await;
    let settings = [ANY_PORT, ("HEIMDALL_CONCURRENCY", "7")];
    let daemon = Daemon::start_with(&bench, &settings).await;
    let found = scrape(&daemon.http().await).await;
    let rows = OPERATOR.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.filter_map(|row| row.split(['`', '{']).next());
    let mut documented: Vec<&str> = names
        .filter(|name| name.starts_with("heimdalld_") || name.starts_with("process_"))
        .collect();
    documented.sort_unstable();
    let exported: Vec<&str> = found.families.keys().map(String::as_str).collect();
    assert_eq!(exported, documented);
    assert!(found.value("process_resident_memory_bytes") > 1e6);
    assert!(found.count("process_open_fds") > 5);
    assert!(found.value("process_start_time_seconds") > 1.7e9);
    for (series, expected) in [
        ("heimdalld_listening", 1),
        ("heimdalld_concurrency", 7),
        ("heimdalld_workers", 1),
        (r#"heimdalld_claims_total{source="backfill"}"#, 0),
        (r#"heimdalld_outage{server="database"}"#, 0),
        (r#"heimdalld_queue_measurements{source="live",state="claimed"}"#, 0),
    ] {
        assert_eq!(found.count(series), expected, "{series}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_shows_in_counters_and_histograms() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    bench.put("zero.bin", vec![0; 96_000]);
    let session = bench.record(&["good.bin", "zero.bin", "gone.bin"]).await;
    let daemon = Daemon::start_with(&bench, &[ANY_PORT]).await;
    let http = daemon.http().await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    let total = r#"heimdalld_step_duration_seconds_count{step="total"}"#;
    let after = reaches(&http, total, 3).await;
    for (series, expected) in [
        (r#"heimdalld_claims_total{source="live"}"#, 3),
        (r#"heimdalld_recordings_total{error_kind="",outcome="extracted"}"#, 1),
        (
            r#"heimdalld_recordings_total{error_kind="not_found",outcome="failed"}"#,
            1,
        ),
        (
            r#"heimdalld_recordings_total{error_kind="invalid_format",outcome="failed"}"#,
            1,
        ),
        ("heimdalld_completion_to_row_seconds_count", 3),
        (r#"heimdalld_queue_wait_seconds_count{source="live"}"#, 3),
        (r#"heimdalld_step_duration_seconds_count{step="fetch"}"#, 1),
        (r#"heimdalld_step_duration_seconds_count{step="extract"}"#, 1),
        ("heimdalld_read_bytes_total", 192_000),
    ] {
        assert_eq!(after.count(series), expected, "{series}");
    }
    assert!(after.count(r#"heimdalld_step_duration_seconds_count{step="write"}"#) >= 1);
    assert!(after.count(r#"heimdalld_wakeups_total{source="notify"}"#) >= 1);
    // The time from completion to row is the sum of waiting and work.
    let whole_s = after.value("heimdalld_completion_to_row_seconds_sum");
    let waited_s = after.value(r#"heimdalld_queue_wait_seconds_sum{source="live"}"#);
    let worked_s = after.value(r#"heimdalld_step_duration_seconds_sum{step="total"}"#);
    assert!(worked_s > 0.0 && waited_s > 0.0, "{worked_s} {waited_s}");
    assert!(
        (whole_s - waited_s - worked_s).abs() < 1e-6,
        "{whole_s} = {waited_s} + {worked_s}"
    );
    assert!(after.value("process_cpu_seconds_total") > 0.0);

    // A recheck that does not find the object either is no second failure.
    bench
        .execute(
            "UPDATE heimdall.feature_queue SET state = 'ready', due_at = NULL WHERE recheck;
             SELECT heimdall.wake_workers()",
        )
        .await;
    let missing = r#"heimdalld_recordings_total{error_kind="",outcome="missing"}"#;
    let after = reaches(&http, missing, 1).await;
    let failed = r#"heimdalld_recordings_total{error_kind="not_found",outcome="failed"}"#;
    assert_eq!(after.count(failed), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outages_show_in_a_gauge_and_in_a_counter() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin"]).await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let endpoint = store_proxy.endpoint();
    let daemon = Daemon::start_with(&bench, &[ANY_PORT, ("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    let http = daemon.http().await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'heimdalld listener'";
    assert_eq!(bench.value::<i64>(cut, &[]).await, 1);
    let connects = r#"heimdalld_database_connects_total{connection="listener"}"#;
    reaches(&http, connects, 2).await;
    let after = reaches(&http, r#"heimdalld_wakeups_total{source="reconnect"}"#, 3).await;
    assert!(after.count(r#"heimdalld_database_connects_total{connection="pool"}"#) >= 1);
    reaches(&http, "heimdalld_listening", 1).await;

    store_proxy.set("", Fault::Status(503, "SlowDown"));
    bench.complete(&session).await;
    let after = reaches(&http, r#"heimdalld_outage{server="store"}"#, 1).await;
    assert_eq!(after.count(r#"heimdalld_outages_total{server="store"}"#), 1);
    let given_back = r#"heimdalld_recordings_total{error_kind="",outcome="given_back"}"#;
    reaches(&http, given_back, 1).await;
    store_proxy.clear_faults();
    let extracted = r#"heimdalld_recordings_total{error_kind="",outcome="extracted"}"#;
    let after = reaches(&http, extracted, 1).await;
    assert_eq!(after.count(r#"heimdalld_outage{server="store"}"#), 0);
    assert!(after.count(r#"heimdalld_wakeups_total{source="upkeep"}"#) >= 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_the_backlog_and_the_sweep_show_in_the_metrics() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin", "good.bin"]).await;
    let settings = [
        ANY_PORT,
        ("HEIMDALL_LEASE", "1s"),
        ("HEIMDALL_SWEEP_INTERVAL", "300ms"),
        ("HEIMDALL_SWEEP_HISTORY", "on"),
    ];
    bench.execute("SELECT heimdall.pause_extraction('test')").await;
    // Queued before the daemon starts, so that no sweep finds it.
    bench.complete(&session).await;
    bench.expand().await;
    let daemon = Daemon::start_with(&bench, &settings).await;
    let http = daemon.http().await;
    reaches(&http, "heimdalld_paused", 1).await;
    bench.history(3, "good.bin", "completed").await;
    let after = reaches(&http, "heimdalld_sweep_measurements_queued_total", 3).await;
    assert_eq!(after.count("heimdalld_sweep_recordings_found_total"), 3);
    assert!(after.count("heimdalld_sweeps_total") >= 1);
    assert!(after.value("heimdalld_last_sweep_timestamp_seconds") > 1.7e9);
    // Forces a new count; otherwise it is up to ten seconds old.
    bench.execute("UPDATE heimdall.queue_depth SET counted_at = NULL").await;
    let swept = r#"heimdalld_queue_measurements{source="sweep",state="ready"}"#;
    let after = reaches(&http, swept, 3).await;
    assert_eq!(
        after.count(r#"heimdalld_queue_measurements{source="live",state="ready"}"#),
        2
    );
    assert!(after.value(r#"heimdalld_queue_oldest_ready_seconds{source="live"}"#) > 0.0);
    assert_eq!(
        after.count(r#"heimdalld_queue_oldest_ready_seconds{source="retry"}"#),
        0
    );

    bench.execute("SELECT heimdall.resume_extraction()").await;
    reaches(&http, r#"heimdalld_claims_total{source="sweep"}"#, 3).await;
    // Claims resume before the heartbeat updates the gauge.
    wait_until("heimdalld_paused falls to 0", || async {
        scrape(&http).await.count("heimdalld_paused") == 0
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_lease_shows_on_both_sides() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_millis(500))).await;
    let endpoint = store_proxy.endpoint();
    let lease = ("HEIMDALL_LEASE", "1s");
    let stale = Daemon::start_with(&bench, &[ANY_PORT, lease, ("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    let stale_http = stale.http().await;
    bench.complete(&session).await;
    reaches(&stale_http, "heimdalld_in_flight", 1).await;
    stale.signal("STOP");
    let heir = Daemon::start_with(&bench, &[ANY_PORT, lease]).await;
    bench.rows(&session).await;
    let released = r#"heimdalld_takeovers_total{outcome="released"}"#;
    reaches(&heir.http().await, released, 1).await;
    stale.signal("CONT");
    reaches(&stale_http, "heimdalld_leases_lost_total", 1).await;
    reaches(&stale_http, "heimdalld_declared_dead_total", 1).await;
    stale.stop().await;
    heir.stop().await;
}
