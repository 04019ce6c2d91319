//! Store outages: no recording fails because of them.

use std::time::Duration;

use super::store_faults::faults;
use crate::support::daemon::Daemon;
use crate::support::s3_replies::{http_reply, no_such_key, s3_error, working_store};
use crate::support::scripted_store::{Reply, Request, ScriptedStore};
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{BUCKET, Bench, assert_extracted, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_store_outage_fails_a_recording_or_spends_an_attempt() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let bytes = tone.clone();
    let mut store = ScriptedStore::start(move |request| working_store(request, &bytes)).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    let waiting = "heimdall.feature_queue WHERE state = 'ready' AND attempt = 0";
    let mut outages = 0;
    for round in 0..faults().len() + 2 {
        let session = bench.record_objects(&format!("round-{round}"), 3).await;
        let mut jammed = None;
        let expected = if let Some((expected, fault)) = faults().get(round) {
            let fault = *fault;
            store.set(fault);
            expected
        } else if round == faults().len() {
            store.stop_listening().await;
            "Connection refused"
        } else {
            jammed = Some(store.stop_accepting().await);
            ""
        };
        bench.complete(&session).await;
        outages += 1;
        let begun = || async { daemon.log_lines("object store away").len() == outages };
        wait_until("the outage is noticed", begun).await;
        let line = daemon.log_lines("object store away").pop().expect("the line");
        assert!(line.contains(expected), "'{expected}' is not in {line}");
        bench.wait_count(waiting, 3).await;
        let probes = store.requests("heimdalld-probe").len();
        if round < faults().len() {
            wait_until("probes", || async {
                store.requests("heimdalld-probe").len() > probes + 3
            })
            .await;
        }
        assert_eq!(bench.count(waiting).await, 3, "{expected}");

        let bytes = tone.clone();
        store.set(move |request| working_store(request, &bytes));
        if round >= faults().len() {
            if let Some((listener, filling)) = jammed {
                filling.iter().for_each(tokio::task::JoinHandle::abort);
                drop(listener);
            }
            store.listen_again();
        }
        for row in bench.rows(&session).await {
            assert_eq!(
                (row.failed, row.attempts),
                (false, 1),
                "{expected}: {:?}",
                row.error_message
            );
        }
        let over = || async { daemon.log_lines("object store back").len() == outages };
        wait_until("the end of the outage is logged once", over).await;
    }
    assert_eq!(daemon.log_lines("object store away").len(), outages);
    assert_eq!(daemon.log_lines("object store back").len(), outages);
    daemon.assert_logged("extraction failed", 0).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_not_followed() {
    let bench = Bench::new().await;
    let other_host = ScriptedStore::start(|request| working_store(request, b"")).await;
    let elsewhere = other_host.endpoint();
    let store = ScriptedStore::start(|_| Reply::Send(no_such_key())).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    for (round, status) in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ]
    .into_iter()
    .enumerate()
    {
        let session = bench.record_objects(&format!("moved-{round}"), 1).await;
        let headers = format!("Location: {elsewhere}/{BUCKET}/x.bin\r\n");
        store.set(move |_| Reply::Send(http_reply(status, &headers, b"")));
        bench.complete(&session).await;
        let begun = || async { daemon.log_lines("object store away").len() == round + 1 };
        wait_until("the redirect is an outage", begun).await;
        assert!(
            daemon.log_lines("object store away")[round].contains(&status[..3]),
            "{:?}",
            daemon.log_lines("away")
        );
        let tone = recordings::tone();
        store.set(move |request| working_store(request, &tone));
        assert!(!bench.rows(&session).await[0].failed);
    }
    assert_eq!(other_host.requests("").len(), 0, "a request followed the redirect");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_found_by_its_name_is_an_outage() {
    let bench = Bench::new().await;
    let session = bench.record_objects("nowhere", 2).await;
    let daemon = Daemon::start_at(&bench, "http://store.invalid:9000", &[]).await;
    bench.complete(&session).await;
    daemon.wait_for_log("object store away").await;
    assert!(
        daemon.log_lines("object store away")[0].contains("dns error"),
        "{:?}",
        daemon.log_lines("away")
    );
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'ready' AND attempt = 0", 2)
        .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_is_respected() {
    let bench = Bench::new().await;
    let session = bench.record_objects("patience", 1).await;
    let slow = http_reply(
        "503 Slow Down",
        "Retry-After: 3\r\n",
        b"<Error><Code>SlowDown</Code></Error>",
    );
    let store = ScriptedStore::start(move |_| Reply::Send(slow.clone())).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    bench.complete(&session).await;
    daemon.wait_for_log("object store away").await;
    let begun = std::time::Instant::now();
    let asked = store.requests("").len();
    wait_until("the next probe", || async { store.requests("").len() > asked }).await;
    assert!(
        begun.elapsed() > Duration::from_millis(2_500),
        "already after {:?}",
        begun.elapsed()
    );
    daemon.stop().await;
}

/// `HEIMDALL_OUTAGE_SECONDS` sets the length of the outage; probes then have the delays of production.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_recordings_wait_for_a_store_and_only_probes_are_sent() {
    let long: Option<u64> = std::env::var("HEIMDALL_OUTAGE_SECONDS")
        .ok()
        .map(|text| text.parse().expect("seconds"));
    let bench = Bench::new().await;
    bench.history(10_000, "a.bin", "completed").await;
    let tone = recordings::tone();
    let store = ScriptedStore::start(move |request| working_store(request, &tone)).await;
    let endpoint = store.endpoint();
    let quick = [
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
        ("HEIMDALL_S3_PROBE_INTERVAL", "20ms"),
    ];
    let daemon = Daemon::start_with(&bench, &quick[..if long.is_some() { 1 } else { 2 }]).await;
    store.set(|_| Reply::Send(s3_error("503 Service Unavailable", "ServerNotInitialized", "booting")));
    bench.execute("SELECT heimdall.request_backfill()").await;
    daemon.wait_for_log("object store away").await;
    // The recordings in flight have failed and were verified. From now on only probes are sent.
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'ready'", 10_000)
        .await;
    let before = store.requests("").len();
    assert!(before <= 2 * 16 + 4, "{before} requests before the outage was noticed");
    let begun = std::time::Instant::now();
    // As many probes as in an hour, one every ten seconds.
    let probes = long.map_or(360, |seconds| usize::try_from(seconds / 10).expect("few"));
    while store.requests("heimdalld-probe").len() < probes + before {
        assert!(
            begun.elapsed() < Duration::from_secs(60 + 2 * long.unwrap_or(0)),
            "too few probes"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let requests = store.requests("").split_off(before);
    println!("{} requests in {:?}", requests.len(), begun.elapsed());
    assert!(requests.iter().all(Request::is_probe), "only probes");
    assert_eq!(
        bench
            .count("heimdall.feature_queue WHERE state = 'ready' AND attempt = 0")
            .await,
        10_000
    );
    assert_eq!(bench.count("heimdall.measurement_features").await, 0);
    daemon.assert_logged("WARN", 1).await;
    let tone = recordings::tone();
    store.set(move |request| working_store(request, &tone));
    daemon.wait_for_log("object store back").await;
    bench.execute("SELECT heimdall.wake_workers()").await;
    wait_until("extraction continues", || async {
        bench.count("heimdall.measurement_features").await > 100
    })
    .await;
    assert_eq!(
        bench
            .count("heimdall.measurement_features WHERE extraction_failed OR attempts > 1")
            .await,
        0
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_drips_gives_its_place_to_others() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.put("drip.bin", recordings::tone());
    let store_proxy = StoreProxy::with_fault(&bench, "drip.bin", Fault::Drip(Duration::from_millis(50))).await;
    let settings = [("HEIMDALL_CONCURRENCY", "2")];
    let daemon = Daemon::start_at(&bench, &store_proxy.endpoint(), &settings).await;
    let dripping = bench.record(&["drip.bin", "drip.bin"]).await;
    bench.complete(&dripping).await;
    bench.wait_claimed(2).await;
    let others = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    bench.complete(&others).await;
    assert_extracted(&bench.rows(&others).await, 1);
    store_proxy.clear_faults();
    let rows = bench.rows_without_delays(&dripping).await;
    assert!(rows.iter().all(|row| !row.failed), "{rows:?}");
    daemon.stop().await;
}
