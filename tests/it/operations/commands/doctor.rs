//! `heimdalld doctor` for scripts, and with the database alone.

use serde_json::Value;

use super::{printed, refused, run};
use crate::support::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_looks_at_the_database_alone_and_prints_json() {
    let bench = Bench::new().await;
    let (status, text) = printed(&run(&bench, "daemon", &["doctor"]).await);
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("warning store: not looked at") && !text.contains("bucket"),
        "{text}"
    );

    let (status, text) = printed(&run(&bench, "daemon", &["doctor", "--json"]).await);
    assert_eq!((status, text.lines().count()), (Some(0), 1), "{text}");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let checks = report["checks"].as_array().expect("checks");
    assert!(checks.len() > 10 && report["wrong"] == 0, "{report}");
    let store = checks
        .iter()
        .find(|check| check["subject"] == "store")
        .expect("a check");
    assert_eq!(store["level"], "warning");
    assert!(
        store["type"]
            .as_str()
            .is_some_and(|hint| hint.contains("HEIMDALL_S3_ENDPOINT")),
        "{store}"
    );

    let disable = "ALTER TABLE heimdall.recording_sessions DISABLE TRIGGER heimdall_session_updated";
    bench.execute(disable).await;
    let output = run(&bench, "daemon", &["doctor", "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["wrong"], 1);

    // Half of the settings of the store is a mistake.
    let half = ["doctor", "--s3-endpoint", "http://127.0.0.1:1"];
    let (status, text) = refused(&run(&bench, "daemon", &half).await);
    assert_eq!(status, Some(64));
    assert!(text.contains("HEIMDALL_S3_ACCESS_KEY"), "{text}");
}
