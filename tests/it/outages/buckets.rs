//! Several buckets, of which one is away: its recordings wait, and those of the others do not.

use super::store::daemon_at;
use crate::support::daemon::{ANY_PORT, get};
use crate::support::wire::{Answer, Ask, Wire, good, refuse};
use crate::support::{BUCKET, Bench, iq, wait_for};

const ARCHIVE: &str = "heimdall-archive";

fn both() -> String {
    format!("{BUCKET},{ARCHIVE}")
}

/// Locations of so many objects in that bucket.
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
async fn a_bucket_that_is_away_keeps_no_other_waiting() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    let bytes = tone.clone();
    let wire = Wire::open(move |ask| {
        if ask.path.starts_with(&format!("/{ARCHIVE}/")) {
            Answer::Send(refuse("404 Not Found", "NoSuchBucket", "The bucket does not exist."))
        } else {
            good(ask, &bytes)
        }
    })
    .await;
    let daemon = daemon_at(&bench, &wire.endpoint(), &[("HEIMDALL_S3_BUCKET", &both()), ANY_PORT]).await;
    bench
        .history(300, &format!("s3://{ARCHIVE}/old.bin"), "recording")
        .await;
    bench
        .execute("UPDATE heimdall.recording_sessions SET status = 'completed'")
        .await;
    daemon.wait_said("recordings in this bucket wait").await;
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'waiting' AND attempt = 0", 300)
        .await;

    // Three hundred in one bucket have been put off, and one in the other is through at once.
    for round in 0..3 {
        let session = complete(&bench, &objects(BUCKET, &format!("new-{round}"), 2)).await;
        for row in bench.rows(&session).await {
            assert_eq!((row.failed, row.attempts), (false, 1), "{:?}", row.error_message);
        }
    }
    let (status, ready) = get(&format!("{}/readyz", daemon.http().await)).await;
    assert!(status == 503 && ready.contains(ARCHIVE), "{ready}");

    wait_for("all have been put off again", || async {
        let claims: i64 = bench.value("SELECT last_value FROM heimdall.claim_ids", &[]).await;
        (claims > 606).then_some(())
    })
    .await;
    // Of those in flight when the first was refused nobody knew yet. All others are not even asked for, and that they
    // are put off is no news, however often.
    let asked = wire.asked("/old.bin").len();
    assert!(asked <= 2 * 16, "the object was asked for {asked} times");
    let announced = daemon.said("recording session completed").len();
    assert!(announced <= 3 + 16, "{announced} sessions were announced");
    assert_eq!(daemon.said("object store away").len(), 1);
    assert_eq!(bench.count("heimdall.measurement_features").await, 6);

    let bytes = tone.clone();
    // What would be in one bucket is in the other.
    wire.set(move |ask| {
        let path = ask.path.replace(ARCHIVE, BUCKET);
        good(&Ask { path, ..ask.clone() }, &bytes)
    });
    daemon.wait_said("recordings in this bucket are read again").await;
    bench
        .wait_count(
            "heimdall.measurement_features WHERE NOT extraction_failed AND attempts = 1",
            306,
        )
        .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_buckets_are_away_nothing_is_claimed_though_only_one_was_asked() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    let wire = Wire::open(|_| Answer::Send(refuse("503 Slow Down", "SlowDown", "Reduce your rate."))).await;
    let daemon = daemon_at(&bench, &wire.endpoint(), &[("HEIMDALL_S3_BUCKET", &both())]).await;
    let first = complete(&bench, &objects(BUCKET, "first", 3)).await;
    daemon.wait_said("claiming stops").await;
    assert_eq!(daemon.said("object store away").len(), 2, "{:?}", daemon.said("away"));

    let second = complete(&bench, &objects(BUCKET, "second", 3)).await;
    let untouched = "heimdall.feature_queue WHERE state = 'ready' AND attempt = 0";
    bench.wait_count(untouched, 3).await;
    let probes = || wire.asked("heimdalld-probe").len();
    let before = probes();
    wait_for("probes", || async { (probes() > before + 6).then_some(()) }).await;
    assert_eq!(wire.asked("/second").len(), 0, "asked for in spite of all");

    wire.set(move |ask| good(ask, &tone));
    daemon.wait_said("claiming resumes").await;
    for session in [first, second] {
        for row in bench.rows(&session).await {
            assert_eq!((row.failed, row.attempts), (false, 1), "{:?}", row.error_message);
        }
    }
    wait_for("both are back", || async {
        (daemon.said("object store back").len() == 2).then_some(())
    })
    .await;
    daemon.stop().await;
}
