//! Real recordings of one transmission through the daemon. `HEIMDALL_IQ_CORPUS` names their folder.

use std::path::{Path, PathBuf};

use crate::support::Bench;
use crate::support::daemon::Daemon;

/// Three `KiwiSDR` receivers of the time signal DCF77 at the same time, with their sample rates
/// from GPS stamps.
const RECEIVERS: [(&str, f64); 3] = [("DF0KL", 12_001.145), ("F1JEK", 12_001.202), ("HB9RYZ", 12_001.132)];

fn file_of(corpus: &Path, receiver: &str) -> PathBuf {
    let entries = std::fs::read_dir(corpus).expect("the corpus is readable");
    let wanted = |path: &PathBuf| path.to_string_lossy().ends_with(&format!("_{receiver}_iq.wav"));
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(wanted)
        .unwrap_or_else(|| panic!("no recording of {receiver}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_receivers_of_a_time_signal_have_their_segments_at_the_same_times() {
    let Some(corpus) = std::env::var_os("HEIMDALL_IQ_CORPUS").filter(|folder| !folder.is_empty()) else {
        println!("skipped: HEIMDALL_IQ_CORPUS is not set");
        return;
    };
    let bench = Bench::new().await;
    for (receiver, _) in RECEIVERS {
        let file = std::fs::read(file_of(Path::new(&corpus), receiver)).expect("a recording");
        bench.put(receiver, file);
    }
    let session = bench.record(&RECEIVERS.map(|(receiver, _)| receiver)).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    for (row, (receiver, rate_hz)) in bench.rows(&session).await.iter().zip(RECEIVERS) {
        assert_eq!(row.error_message, None);
        assert_eq!(row.detected, 1, "no signal detected in a recording of a time signal");
        let metadata = &row.metadata;
        assert_eq!(metadata["container"], "kiwi wav");
        assert_eq!(metadata["iq_format"], "ci16_le");
        assert_eq!(metadata["sample_rate_source"], "kiwi stamps");
        let stamps = &metadata["gps_stamps"];
        for rate in [&metadata["sample_rate_hz"], &stamps["measured_sample_rate_hz"]] {
            // The rates of single stamps scatter by 0.05 Hz.
            let off_hz = rate.as_f64().expect("a rate") - rate_hz;
            assert!(off_hz.abs() < 0.05, "{receiver}: {off_hz} Hz off");
        }
        assert_eq!(stamps["stale_stamps"], 1, "{receiver}");
        assert_eq!(metadata["samples_lost"], 0, "{receiver}");
        assert!(metadata.get("remarks").is_none(), "{receiver}: {}", metadata["remarks"]);
    }
    // 30 s each: at least thirty segments with all three receivers.
    let segments =
        "SELECT count(*) FILTER (WHERE cardinality(receiver_features) = 3), count(*) FROM heimdall.session_features";
    let segments = bench.sql.query_one(segments, &[]).await.expect("one row");
    let (complete, all): (i64, i64) = (segments.get(0), segments.get(1));
    assert!(
        complete >= 29 && all - complete <= 1,
        "{complete} of {all} segments have all receivers"
    );
    daemon.stop().await;
}
