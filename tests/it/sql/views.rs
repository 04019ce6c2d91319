//! `extraction_workers` and `feature_failures` are correct at all times.

use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_leaves_extraction_workers_within_its_lease() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Hang).await;
    let endpoint = store_proxy.endpoint();
    let settings = [
        ("HEIMDALL_LEASE", "3s"),
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
        ("HEIMDALL_CONCURRENCY", "5"),
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    bench
        .wait_count("heimdall.extraction_workers WHERE in_flight = 0", 1)
        .await;
    let row = "SELECT host || '/' || pid || '/' || version || '/' || concurrency FROM heimdall.extraction_workers";
    let host = bench
        .value::<String>("SELECT host FROM heimdall.extraction_workers", &[])
        .await;
    let expected = format!("{host}/{}/{}/5", daemon.pid(), env!("CARGO_PKG_VERSION"));
    assert!(!host.is_empty());
    assert_eq!(bench.value::<String>(row, &[]).await, expected);

    // Recordings in flight show after the next heartbeat, at most a third of the lease later.
    bench.complete(&session).await;
    bench
        .wait_count("heimdall.extraction_workers WHERE in_flight = 2", 1)
        .await;
    let beat = "SELECT max(clock_timestamp() - last_heartbeat) < interval '3 seconds' FROM heimdall.extraction_workers";
    assert!(bench.value::<bool>(beat, &[]).await);

    let last_beat =
        "SELECT extract(epoch FROM clock_timestamp() - max(last_heartbeat))::float8 FROM heimdall.extraction_workers";
    daemon.signal("KILL");
    let killed = Instant::now();
    assert!(
        bench.value::<Option<f64>>(last_beat, &[]).await.is_some(),
        "the lease has not expired yet"
    );
    bench.wait_count("heimdall.extraction_workers", 0).await;
    // No other daemon has removed the row, so the view itself leaves the dead one out.
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 1);
    assert!(
        killed.elapsed() < Duration::from_secs(3 + 2),
        "after {:?}",
        killed.elapsed()
    );
    assert_eq!(bench.count("heimdall.feature_queue WHERE state = 'claimed'").await, 2);
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_counted_by_kind_until_they_are_extracted() {
    let bench = Bench::new().await;
    bench.put("zero.bin", vec![0; 96_000]);
    bench.put("odd.bin", vec![1; 7]);
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["zero.bin", "odd.bin", "gone.bin", "good.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    let kinds = "SELECT coalesce(string_agg(error_kind || '=' || failures, ' ' ORDER BY error_kind), '') FROM heimdall.feature_failures";
    assert_eq!(bench.value::<String>(kinds, &[]).await, "invalid_format=2 not_found=1");
    let example = "SELECT example_measurement_id FROM heimdall.feature_failures WHERE error_kind = 'not_found' AND example_message LIKE '%gone.bin%' AND first_at = last_at";
    assert_eq!(bench.value::<uuid::Uuid>(example, &[]).await, session.measurements[2]);

    for key in ["zero.bin", "odd.bin", "gone.bin"] {
        bench.put(key, recordings::tone());
    }
    bench.execute("SELECT * FROM heimdall.retry_failed()").await;
    wait_until("no failure is left", || async {
        bench.count("heimdall.feature_failures").await == 0
    })
    .await;
    assert_eq!(
        bench
            .count("heimdall.measurement_features WHERE NOT extraction_failed")
            .await,
        4
    );
    daemon.stop().await;
}
