//! `extract_again(only_changed => true)`: objects that were overwritten under their keys are found by
//! their entity tags.

use crate::support::daemon::Daemon;
use crate::support::s3_replies::object;
use crate::support::scripted_store::{Reply, Request, ScriptedStore};
use crate::support::{Bench, recordings, wait_until};

/// A store with the same bytes under every key. One of its objects ignores conditions, as some
/// stores do.
fn reply(request: &Request, changed: &str, bytes: &[u8]) -> Reply {
    if request.is_probe() {
        return Reply::Send(crate::support::s3_replies::no_such_key());
    }
    let is_changed = !changed.is_empty() && request.path.contains(changed);
    let mut request = request.clone();
    if request.path.contains("careless") {
        request.headers.remove("if-none-match");
    }
    Reply::Send(object(&request, if is_changed { "v2" } else { "v1" }, bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_object_with_another_tag_is_extracted_again() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let bytes = tone.clone();
    let store = ScriptedStore::start(move |request| reply(request, "", &bytes)).await;
    let endpoint = store.endpoint();
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_S3_ENDPOINT", endpoint.as_str())]).await;
    let session = bench
        .record(&["same.bin", "careless.bin", "overwritten.bin", "hinted.bin"])
        .await;
    bench.complete(&session).await;
    bench.rows(&session).await;

    // The numbers of the old extraction can be told from new ones.
    bench
        .execute("UPDATE heimdall.measurement_features SET mean_snr_db = -1")
        .await;
    let bytes = tone.clone();
    store.set(move |request| reply(request, "overwritten", &bytes));
    // What else an extraction depends on counts too: these features were made with another format.
    let hinted = session.measurements[3];
    let other =
        format!("UPDATE heimdall.measurement_features SET source_fingerprint = 0 WHERE measurement_id = '{hinted}'");
    bench.execute(&other).await;
    let again = format!(
        "SELECT * FROM heimdall.extract_again(session => '{}', only_changed => true)",
        session.id
    );
    bench.execute(&again).await;
    bench.wait_count("heimdall.feature_queue", 0).await;

    let rows = bench.rows(&session).await;
    let read: Vec<_> = rows
        .iter()
        .map(|row| (row.mean_snr_db > Some(0.0), row.metadata["object_etag"].as_str()))
        .collect();
    assert_eq!(
        read,
        [
            (false, Some("v1")),
            (false, Some("v1")),
            (true, Some("v2")),
            (true, Some("v1"))
        ]
    );
    let conditions = |key: &str| -> Vec<Option<String>> {
        let requests = store.requests(key);
        requests
            .iter()
            .map(|request| request.headers.get("if-none-match").cloned())
            .collect()
    };
    let known = Some("\"v1\"".to_owned());
    assert_eq!(conditions("same.bin"), [None, known.clone()]);
    assert_eq!(conditions("overwritten.bin"), [None, known]);
    assert_eq!(conditions("hinted.bin"), [None, None]);
    // The session was incomplete meanwhile, and is announced again.
    wait_until("the session is complete", || async {
        let complete = format!(
            "heimdall.session_coverage WHERE recording_session_id = '{}' AND measurements_pending = 0",
            session.id
        );
        bench.count(&complete).await == 1
    })
    .await;
    daemon.stop().await;
}
