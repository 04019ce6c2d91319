//! `heimdalld extract` on objects of the store.

use serde_json::Value;

use super::refused;
use crate::support::daemon::{command, command_on};
use crate::support::{BUCKET, Bench, recordings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_the_store_are_read_as_files_are() {
    let bench = Bench::new().await;
    bench.put("day/a.cf32", recordings::tone());
    bench.put("day/b.sigmf-data", recordings::tone_ci16());
    let meta = br#"{"global": {"core:datatype": "ci16_le", "core:sample_rate": 12000, "core:version": "1.2.0"},
        "captures": [], "annotations": []}"#;
    bench.put("day/b.sigmf-meta", meta.to_vec());
    let at = |key: &str| format!("s3://{BUCKET}/{key}");
    let files = ["day/a.cf32", "day/b.sigmf-data", "day/b.sigmf-meta", "gone.cf32"].map(at);
    let mut command = command_on(&bench, "extract").await;
    // The database is not asked.
    command
        .env_remove("HEIMDALL_DATABASE_URL")
        .args(&files)
        .arg("s3://elsewhere/x")
        .args(["--sample-rate", "12000"]);
    let running = tokio::task::spawn_blocking(move || command.output());
    let output = running.await.expect("no panic").expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 5, "{text}");
    for (line, file) in lines.iter().zip(&files) {
        assert_eq!(line["file"], **file);
    }
    assert_eq!(lines[0]["interpretation"]["iq_format"], "cf32_le");
    assert_eq!(lines[0]["segments"].as_array().map(Vec::len), Some(1));
    for line in &lines[1..3] {
        assert_eq!(line["interpretation"]["iq_format"], "ci16_le", "{line}");
        assert!(line["segments"][0]["snr_db"]["mean"].is_f64(), "{line}");
    }
    assert_eq!(lines[3]["error"]["kind"], "not_found");
    assert_eq!(lines[4]["error"]["kind"], "location_refused");
}

#[test]
fn a_location_without_the_settings_of_a_store_is_refused() {
    let output = command().args(["extract", "s3://heimdall-raw-iq/a.cf32"]).output();
    let (status, text) = refused(&output.expect("the binary runs"));
    assert_eq!(status, Some(64));
    assert!(
        text.contains("HEIMDALL_S3_ENDPOINT") && !text.contains("DATABASE"),
        "{text}"
    );
}
