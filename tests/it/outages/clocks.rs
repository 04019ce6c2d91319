//! Hosts whose clocks are an hour off: the database's clock decides.

use std::time::{Duration, Instant};

use crate::support::daemon::{Daemon, command_on};
use crate::support::faketime::clock;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, assert_extracted, recordings};

async fn start(bench: &Bench, endpoint: &str, offset: &'static str) -> Daemon {
    let wrong = clock(offset);
    let mut settings: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.extend([("HEIMDALL_LEASE", "2s"), ("HEIMDALL_S3_ENDPOINT", endpoint)]);
    Daemon::start_with(bench, &settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn daemons_with_clocks_an_hour_off_work_together_and_take_over_from_each_other() {
    let bench = Bench::new().await;
    for key in ["a.bin", "held.bin"] {
        bench.put(key, recordings::tone());
    }
    let store_proxy = StoreProxy::with_fault(&bench, "held.bin", Fault::Hang).await;
    let mut early = start(&bench, &store_proxy.endpoint(), "-1h").await;
    let held = bench.record(&["held.bin"]).await;
    bench.complete(&held).await;
    bench.wait_claimed(1).await;

    // Both daemons stay alive for twice the lease, and neither takes anything over.
    let late = start(&bench, &store_proxy.endpoint(), "+1h").await;
    let until = Instant::now() + Duration::from_secs(4);
    while Instant::now() < until {
        assert_eq!(bench.count("heimdall.extraction_workers").await, 2);
        let session = bench.record(&["a.bin"; 4]).await;
        bench.complete(&session).await;
        assert_extracted(&bench.rows(&session).await, 1);
    }
    let ages = "heimdall.worker_heartbeats WHERE abs(extract(epoch FROM clock_timestamp() - beat_at)) < 2";
    assert_eq!(bench.count(ages).await, 2);
    let times = "heimdall.measurement_features WHERE created_at BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp()";
    assert_eq!(
        bench.count(times).await,
        bench.count("heimdall.measurement_features").await
    );

    // A killed daemon's recording is taken over after its lease, not an hour later.
    early.signal("KILL");
    early.wait_exit().await;
    store_proxy.clear_faults();
    assert_extracted(&bench.rows(&held).await, 2);

    // The store refuses signatures of such times. The daemon signs by the store's clock and logs that once.
    late.assert_logged("requests are signed with the store's time", 1).await;
    let line = late.log_lines("requests are signed with the store's time").remove(0);
    let ahead_s = line
        .split_once("store_ahead_s=")
        .and_then(|(_, rest)| rest.trim().parse::<i64>().ok());
    assert!(ahead_s.is_some_and(|ahead_s| (ahead_s + 3_600).abs() <= 10), "{line}");
    late.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_reports_a_wrong_clock() {
    let bench = Bench::new().await;
    let mut doctor = command_on(&bench, "doctor").await;
    doctor.envs(clock("+1h"));
    let output = doctor.output().expect("the binary runs");
    let report = String::from_utf8_lossy(&output.stdout);
    for subject in [" clock:", "store's clock:"] {
        let line = report.lines().find(|line| line.contains(subject));
        let line = line.unwrap_or_else(|| panic!("no {subject} in {report}"));
        let ahead_s = line
            .split_once("this host is ")
            .and_then(|(_, rest)| rest.split_once(" s ahead of"));
        let ahead_s: f64 = ahead_s
            .and_then(|(seconds, _)| seconds.parse().ok())
            .unwrap_or_else(|| panic!("{line}"));
        // The Date header has whole seconds.
        assert!(
            line.starts_with("warning") && (ahead_s - 3_600.0).abs() <= 10.0,
            "{line}"
        );
    }
    // Only a warning: everything works.
    assert!(
        report
            .lines()
            .any(|line| line.starts_with("ok") && line.contains("bucket heimdall-raw-iq")),
        "{report}"
    );
}
