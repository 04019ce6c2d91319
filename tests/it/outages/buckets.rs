//! Several buckets: only the recordings of an unavailable one wait.

use crate::support::daemon::{ANY_PORT, Daemon, get};
use crate::support::s3_replies::{s3_error, working_store};
use crate::support::scripted_store::{Reply, Request, ScriptedStore};
use crate::support::{BUCKET, Bench, assert_extracted, recordings, wait_until};

const ARCHIVE: &str = "heimdall-archive";

fn both() -> String {
    format!("{BUCKET},{ARCHIVE}")
}

/// Locations of this number of objects in the bucket.
fn objects(bucket: &str, prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("s3://{bucket}/{prefix}-{n}.bin")).collect()
}

async fn complete(bench: &Bench, locations: &[String]) -> crate::support::Session {
    let locations: Vec<&str> = locations.iter().map(String::as_str).collect();
    let session = bench.record(&locations).await;
    bench.complete(&session).await;
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unavailable_bucket_does_not_delay_the_others() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let bytes = tone.clone();
    let store = ScriptedStore::start(move |request| {
        if request.path.starts_with(&format!("/{ARCHIVE}/")) {
            Reply::Send(s3_error("404 Not Found", "NoSuchBucket", "The bucket does not exist."))
        } else {
            working_store(request, &bytes)
        }
    })
    .await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[("HEIMDALL_S3_BUCKET", &both()), ANY_PORT]).await;
    bench
        .history(300, &format!("s3://{ARCHIVE}/old.bin"), "recording")
        .await;
    bench.complete_all().await;
    daemon.wait_for_log("recordings in this bucket wait").await;
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'waiting' AND attempt = 0", 300)
        .await;

    // Three hundred recordings of one bucket are deferred. Those of the other are extracted without delay.
    for round in 0..3 {
        let session = complete(&bench, &objects(BUCKET, &format!("new-{round}"), 2)).await;
        assert_extracted(&bench.rows(&session).await, 1);
    }
    let (status, ready) = get(&format!("{}/readyz", daemon.http().await)).await;
    assert!(status == 503 && ready.contains(ARCHIVE), "{ready}");

    wait_until("all have been deferred again", || async {
        // Claimed, deferred, ready, claimed and deferred.
        let updates = "SELECT n_tup_upd FROM pg_stat_all_tables WHERE relid = 'heimdall.feature_queue'::regclass";
        bench.value::<i64>(updates, &[]).await >= 5 * 300
    })
    .await;
    // Only recordings in flight at the first failure were requested. The others are deferred without a request, and
    // without a log line each time.
    let asked = store.requests("/old.bin").len();
    assert!(asked <= 2 * 16, "{asked} requests for the object");
    let announced = daemon.log_lines("recording session completed").len();
    assert!(announced <= 3 + 16, "{announced} sessions were announced");
    assert_eq!(daemon.log_lines("object store away").len(), 1);
    assert_eq!(bench.count("heimdall.measurement_features").await, 6);

    let bytes = tone.clone();
    // From now on the archive has the objects of the other bucket.
    store.set(move |request| {
        let path = request.path.replace(ARCHIVE, BUCKET);
        working_store(
            &Request {
                path,
                ..request.clone()
            },
            &bytes,
        )
    });
    daemon.wait_for_log("recordings in this bucket are read again").await;
    bench
        .wait_count(
            "heimdall.measurement_features WHERE NOT extraction_failed AND attempts = 1",
            306,
        )
        .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_all_buckets_unavailable_nothing_is_claimed() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let bytes = tone.clone();
    let store = ScriptedStore::start(move |request| working_store(request, &bytes)).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[("HEIMDALL_S3_BUCKET", &both())]).await;
    store.set(|_| Reply::Send(s3_error("503 Slow Down", "SlowDown", "Reduce your rate.")));
    let first = complete(&bench, &objects(BUCKET, "first", 3)).await;
    daemon.wait_for_log("claiming stops").await;
    assert_eq!(
        daemon.log_lines("object store away").len(),
        2,
        "{:?}",
        daemon.log_lines("away")
    );

    let second = complete(&bench, &objects(BUCKET, "second", 3)).await;
    let untouched = "heimdall.feature_queue WHERE state = 'ready' AND attempt = 0";
    bench.wait_count(untouched, 3).await;
    let probes = || store.requests("heimdalld-probe").len();
    let before = probes();
    wait_until("probes", || async { probes() > before + 6 }).await;
    assert_eq!(
        store.requests("/second").len(),
        0,
        "requests while the buckets are unavailable"
    );

    store.set(move |request| working_store(request, &tone));
    daemon.wait_for_log("claiming resumes").await;
    for session in [first, second] {
        assert_extracted(&bench.rows(&session).await, 1);
    }
    wait_until("both buckets are available again", || async {
        daemon.log_lines("object store back").len() == 2
    })
    .await;
    daemon.stop().await;
}
