//! The log under load: a summary in place of single lines.

use serde_json::Value;

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_recordings_have_a_summary_and_few_have_a_line_each() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_LOG_FORMAT", "json")]).await;
    let session = bench.record(&["a.bin", "gone.bin"]).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    daemon.wait_for_log("feature extraction complete").await;
    let parse = |text: &str| -> Value { serde_json::from_str(&daemon.log_lines(text)[0]).expect("JSON") };
    let line = parse("extracted features");
    assert!(
        line["snr_db"].is_number() && line["confidence"].is_number() && line["duration_ms"].is_number(),
        "{line}"
    );
    assert_eq!(
        (&line["station"], &line["session"]),
        (&"Station 1".into(), &session.id.to_string().into())
    );
    let worker: String = bench
        .value("SELECT worker_id::text FROM heimdall.worker_heartbeats", &[])
        .await;
    assert_eq!(line["worker"], worker);
    let line = parse("extraction failed");
    assert_eq!(
        (&line["station"], &line["worker"]),
        (&"Station 2".into(), &worker.clone().into())
    );
    assert_eq!(line["error_kind"], "not_found");

    bench.history(120, "a.bin", "recording").await;
    bench.complete_all().await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 121)
        .await;
    daemon.wait_for_log("busy: a summary takes the place").await;
    let single = daemon.log_lines("extracted features").len();
    assert!((50..=101).contains(&single), "{single} lines");
    daemon.signal("TERM");
    daemon.wait_for_log("stopped").await;
    let line = parse(r#""message":"summary""#);
    assert!(
        line["per_second"].is_number() && line["extracted"].as_u64() > Some(0),
        "{line}"
    );
    assert!(line["p95_ms"].is_number(), "{line}");
    assert!(!daemon.log_lines("stopped").is_empty());
}
