//! Recordings that crash daemons.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, assert_extracted, recordings};

/// Daemons that one recording may crash.
const CRASHES: usize = 5;
/// The third and later attempts come after random delays of up to 30 s, and each takes a lease.
const LIMIT: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_crashes_five_daemons_gets_an_error_row_and_the_others_get_features() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    bench.put("deadly.bin", recordings::tone());
    let mut locations = vec!["good.bin"; 15];
    locations.insert(7, "deadly.bin");
    let session = bench.record(&locations).await;
    let settings = [
        ("HEIMDALL_LEASE", "2s"),
        // Claimed together: the deadly one crashes the daemon before the others can be written.
        ("HEIMDALL_CONCURRENCY", "16"),
        ("HEIMDALL_FAULT", "after_claim:kill:1:deadly"),
    ];
    let mut daemon = Daemon::start_with(&bench, &settings).await;
    bench.complete(&session).await;
    let (begun, mut crashes, mut good_after) = (Instant::now(), 0, None);
    // Like a supervisor: a daemon that has died is replaced.
    while bench.count("heimdall.measurement_features").await < 16 {
        assert!(
            begun.elapsed() < LIMIT,
            "{crashes} crashes, {:?} rows left in the queue",
            bench.count("heimdall.feature_queue").await
        );
        if daemon.exited().is_some() {
            crashes += 1;
            // It may die before it listens.
            daemon = Daemon::spawn_with(&bench, &settings).await;
        }
        if good_after.is_none()
            && bench
                .count("heimdall.measurement_features WHERE NOT extraction_failed")
                .await
                == 15
        {
            good_after = Some(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!(
        "{crashes} crashes in {:?}; the 15 good recordings had features after {good_after:?}, lease 2 s",
        begun.elapsed()
    );
    // More than five if another suspect was claimed by the same daemon: then the culprit is not certain.
    assert!(crashes >= CRASHES, "{crashes}");
    for (index, row) in bench.rows(&session).await.iter().enumerate() {
        assert_eq!(row.failed, index == 7, "{index}: {row:?}");
        if row.failed {
            assert_eq!(row.error_kind.as_deref(), Some("crashed"));
            let message = row.error_message.as_deref().unwrap_or_default();
            let lost = row.attempts;
            assert_eq!(
                message,
                format!("Extraction crashed: {lost} daemons were lost while working on this recording")
            );
            assert!(usize::try_from(lost).is_ok_and(|lost| lost >= CRASHES), "{lost}");
        }
    }
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.wait_for_log("listening").await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_runs_out_of_memory_loses_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"; 8]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_secs(3))).await;
    let endpoint = store_proxy.endpoint();
    let settings = [("HEIMDALL_LEASE", "1s"), ("HEIMDALL_S3_ENDPOINT", endpoint.as_str())];
    let mut starved = Daemon::start_with(&bench, &settings).await;
    bench.complete(&session).await;
    bench.wait_claimed(8).await;
    // Less than the daemon has: every further allocation fails. RLIMIT_AS would not do: the threads have reserved more
    // address space than they ever use.
    let limit = Command::new("prlimit")
        .args(["--pid", &starved.pid().to_string(), "--data=100000:100000"])
        .status();
    assert!(limit.expect("prlimit (util-linux) runs").success());
    let status = starved.wait_exit().await;
    assert!(!status.success(), "{status}");
    // One line for each thread that failed before the process ended.
    assert!(
        !starved.log_lines("memory allocation").is_empty(),
        "{status}: {:#?}",
        starved.log_lines("")
    );
    store_proxy.clear_faults();
    let heir = Daemon::start_with(&bench, &settings).await;
    assert_extracted(&bench.rows(&session).await, 2);
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_one_recording_and_is_one_log_line() {
    let bench = Bench::new().await;
    let locations = ["one.bin", "bug.bin", "two.bin"];
    for location in locations {
        bench.put(location, recordings::tone());
    }
    let session = bench.record(&locations).await;
    let settings = [
        ("HEIMDALL_LOG_FORMAT", "json"),
        ("HEIMDALL_FAULT", "mid_body:panic:1:bug"),
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert_eq!(
        rows.iter().map(|row| row.error_kind.as_deref()).collect::<Vec<_>>(),
        [None, Some("internal"), None]
    );
    let message = "internal error: fault point mid_body";
    assert_eq!(rows[1].error_message.as_deref(), Some(message));
    daemon.wait_for_log("feature extraction complete").await;
    let lines = daemon
        .log_lines("")
        .into_iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap_or_else(|error| panic!("{error}: {line}")));
    let panics: Vec<_> = lines
        .filter(|line| line["message"] == "panic: fault point\nmid_body")
        .collect();
    assert_eq!(panics.len(), 1, "{panics:?}");
    assert_eq!(panics[0]["level"], "ERROR");
    assert!(
        panics[0]["place"]
            .as_str()
            .is_some_and(|place| place.contains("failpoint.rs")),
        "{panics:?}"
    );
    daemon.stop().await;
}
