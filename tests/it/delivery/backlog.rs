//! Many recordings, several daemons.

use std::collections::HashSet;
use std::time::Duration;

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, recordings, wait_until};

/// Measurement ids in the log lines of finished recordings.
fn extracted(daemon: &Daemon) -> Vec<String> {
    let lines = daemon.log_lines("extracted features");
    let id = |line: &String| {
        line.split("measurement=")
            .nth(1)?
            .split_whitespace()
            .next()
            .map(str::to_owned)
    };
    lines.iter().filter_map(id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_daemons_share_a_backlog_and_extract_nothing_twice() {
    const RECORDINGS: usize = 600;
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    // Four at a time, 20 ms each: one daemon alone would need three seconds, so the other gets a share.
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_millis(20))).await;
    let endpoint = store_proxy.endpoint();
    let settings = [
        ("HEIMDALL_CONCURRENCY", "4"),
        // A line for each recording, however many there are.
        ("HEIMDALL_LOG", "info,heimdall_daemon=debug"),
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
    ];
    let (one, other) = (
        Daemon::start_with(&bench, &settings).await,
        Daemon::start_with(&bench, &settings).await,
    );
    bench.history(600, "a.bin", "recording").await;
    bench.complete_all().await;
    bench.wait_count("heimdall.measurement_features", 600).await;
    wait_until("both daemons have logged their recordings", || async {
        extracted(&one).len() + extracted(&other).len() >= RECORDINGS
    })
    .await;

    let (by_one, by_other) = (extracted(&one), extracted(&other));
    let different: HashSet<&String> = by_one.iter().chain(&by_other).collect();
    assert_eq!(
        (by_one.len() + by_other.len(), different.len()),
        (RECORDINGS, RECORDINGS)
    );
    assert!(
        !by_one.is_empty() && !by_other.is_empty(),
        "{} and {}",
        by_one.len(),
        by_other.len()
    );
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    assert_eq!(
        bench
            .count("heimdall.measurement_features WHERE extraction_failed OR attempts <> 1")
            .await,
        0
    );
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completed_session_overtakes_a_backfill() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(300, "a.bin", "completed").await;
    let live = bench.record(&["a.bin"]).await;
    bench.execute("SELECT heimdall.request_backfill()").await;
    bench.complete(&live).await;
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_CONCURRENCY", "4")]).await;
    bench.wait_count("heimdall.measurement_features", 301).await;
    let before = "SELECT count(*) FROM heimdall.measurement_features
                  WHERE created_at < (SELECT created_at FROM heimdall.measurement_features WHERE measurement_id = $1)";
    // At most one batch was claimed before it.
    assert!(bench.value::<i64>(before, &[&live.measurements[0]]).await <= 4);
    daemon.stop().await;
}
