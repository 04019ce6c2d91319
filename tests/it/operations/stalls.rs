//! Readiness, doctor, metrics and log say that work has not succeeded for a minute, and who holds
//! what it waits for. Each test takes that minute.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::Client;

use crate::support::daemon::{ANY_PORT, Daemon, get};
use crate::support::doctor::doctor;
use crate::support::prometheus::Scrape;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, assert_extracted, connect, recordings};

/// Longer than the minute after which work counts as stalled.
const PATIENCE: Duration = Duration::from_mins(2);

/// A connection with a name, in an open transaction that has run this statement.
async fn holder(bench: &Bench, statement: &str) -> Client {
    let url = format!("{}?application_name=the-holder", bench.url().await);
    let (client, _) = connect(&url).await;
    client.batch_execute("BEGIN").await.expect("begun");
    client.batch_execute(statement).await.expect("it holds the lock");
    client
}

/// The check `work` of `/readyz` when it is as wanted, with the status of the answer.
async fn wait_work(http: &str, ok: bool) -> String {
    let begun = Instant::now();
    loop {
        let (status, text) = get(&format!("{http}/readyz")).await;
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let work = &report["checks"]["work"];
        if work["ok"] == ok {
            assert_eq!(status, if ok { 200 } else { 503 }, "{text}");
            return work["reason"].as_str().expect("a reason").to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "{text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Everything says that `work` is stalled because of the holder, and nothing after the lock is gone.
async fn assert_stalled_and_back(bench: &Bench, daemon: &Daemon, work: &str, holder: Client) {
    let http = daemon.http().await;
    let reason = wait_work(&http, false).await;
    assert!(
        reason.contains(&format!("no {work} has succeeded")) && reason.contains("application_name the-holder"),
        "{reason}"
    );
    let series = format!("heimdalld_stalled{{work=\"{work}\"}}");
    let metrics = async || Scrape::parse(&get(&format!("{http}/metrics")).await.1);
    assert_eq!(metrics().await.count(&series), 1);
    daemon
        .assert_logged("stalled: nothing of this work has succeeded", 1)
        .await;
    let line = daemon.log_lines("stalled: nothing").remove(0);
    assert!(
        line.contains(&format!("work=\"{work}\"")) && line.contains("the-holder"),
        "{line}"
    );
    // Single results that are set aside are reported too, and sooner.
    let reported = format!(
        "heimdall.extraction_workers, jsonb_array_elements(stalled) AS s (item) WHERE item ->> 'step' = '{work}'
         AND item ->> 'reason' LIKE '%the-holder%' AND NOT item ? 'measurement_id'"
    );
    bench.wait_count(&reported, 1).await;
    let report = doctor(bench, &[]).await;
    report.expect(
        "wrong",
        "stalled",
        &format!("no {work} succeeds since"),
        "pg_terminate_backend",
    );

    holder.batch_execute("COMMIT").await.expect("committed");
    wait_work(&http, true).await;
    assert_eq!(metrics().await.count(&series), 0);
    daemon.assert_logged("no longer stalled", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_a_lock_stops_for_a_minute_are_reported_with_its_holder() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_secs(1))).await;
    let endpoint = store_proxy.endpoint();
    let settings = [ANY_PORT, ("HEIMDALL_LEASE", "3s"), ("HEIMDALL_S3_ENDPOINT", &endpoint)];
    let daemon = Daemon::start_with(&bench, &settings).await;
    let session = bench.record(&["a.bin", "a.bin"]).await;
    bench.complete(&session).await;
    bench.wait_claimed(2).await;
    // The only work that is left.
    let results = holder(&bench, "LOCK TABLE heimdall.measurement_features IN EXCLUSIVE MODE").await;
    assert_stalled_and_back(&bench, &daemon, "write", results).await;
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_that_a_lock_stops_for_a_minute_are_reported_with_its_holder() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let daemon = Daemon::start_with(&bench, &[ANY_PORT, ("HEIMDALL_LEASE", "3s")]).await;
    let session = bench.record(&["a.bin"]).await;
    bench.execute("SELECT heimdall.pause_extraction('test')").await;
    bench.complete(&session).await;
    bench.wait_count("heimdall.pending_features", 1).await;
    let stations = holder(&bench, "LOCK TABLE heimdall.websdr_stations IN ACCESS EXCLUSIVE MODE").await;
    bench.execute("SELECT heimdall.resume_extraction()").await;
    assert_stalled_and_back(&bench, &daemon, "claim", stations).await;
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_a_lock_keeps_from_being_expanded_for_a_minute_are_reported_with_its_holder() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let daemon = Daemon::start_with(&bench, &[ANY_PORT, ("HEIMDALL_LEASE", "3s")]).await;
    let session = bench.record(&["missing.bin"]).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    // Its row of the queue waits for a recheck, and somebody holds it.
    let row = format!(
        "SELECT FROM heimdall.feature_queue WHERE measurement_id = '{}' FOR UPDATE",
        session.measurements[0]
    );
    let holder = holder(&bench, &row).await;
    let moved = "UPDATE heimdall.measurements SET iq_data_location = 'a.bin' WHERE id = $1";
    bench
        .sql
        .execute(moved, &[&session.measurements[0]])
        .await
        .expect("moved");
    assert_stalled_and_back(&bench, &daemon, "expand", holder).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_that_a_lock_stops_are_reported_with_its_holder() {
    let bench = Bench::new().await;
    let settings = [ANY_PORT, ("HEIMDALL_LEASE", "3s"), ("HEIMDALL_SWEEP_INTERVAL", "1s")];
    let daemon = Daemon::start_with(&bench, &settings).await;
    daemon.wait_for_log("sweep found=0").await;
    let state = holder(&bench, "SELECT FROM heimdall.sweep_state FOR UPDATE").await;
    assert_stalled_and_back(&bench, &daemon, "sweep", state).await;
    daemon.stop().await;
}
