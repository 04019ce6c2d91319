//! A store that does not work is known before a recording waits for it; a key that reads a part of a
//! bucket is enough.

use heimdall_daemon::sandbox::s3::SECRET_KEY;

use crate::support::daemon::{ANY_PORT, Daemon, get};
use crate::support::prometheus::Scrape;
use crate::support::s3_replies::{s3_error, working_store};
use crate::support::scripted_store::{Reply, ScriptedStore};
use crate::support::{Bench, assert_extracted, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_an_outage_before_anything_is_claimed() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "wrong").expect("written");
    let path = file.path().display().to_string();
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    let settings = [
        ("HEIMDALL_S3_SECRET_KEY", ""),
        ("HEIMDALL_S3_SECRET_KEY_FILE", path.as_str()),
        ("HEIMDALL_S3_PROBE_INTERVAL", "50ms"),
        ANY_PORT,
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    // It was known before the daemon registered.
    let line = daemon.log_lines("object store away").pop().expect("the line");
    assert!(line.contains("SignatureDoesNotMatch"), "{line}");
    let http = daemon.http().await;
    let scrape = Scrape::parse(&get(&format!("{http}/metrics")).await.1);
    assert_eq!(scrape.count(r#"heimdalld_outage{server="store"}"#), 1);
    assert_eq!(scrape.count(r#"heimdalld_claims_total{source="live"}"#), 0);
    let (status, ready) = get(&format!("{http}/readyz")).await;
    assert!(status == 503 && ready.contains("SignatureDoesNotMatch"), "{ready}");

    std::fs::write(file.path(), SECRET_KEY).expect("written");
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_breaks_while_nothing_is_read_is_noticed() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let store = ScriptedStore::start(move |request| working_store(request, &tone)).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    let gone = s3_error("404 Not Found", "NoSuchBucket", "The bucket does not exist.");
    store.set(move |_| Reply::Send(gone.clone()));
    let before = store.requests("").len();
    daemon.wait_for_log("object store away").await;
    let line = daemon.log_lines("object store away").remove(0);
    assert!(line.contains("NoSuchBucket"), "{line}");
    assert!(
        store.requests("").len() - before >= 2,
        "one probe alone does not decide"
    );
    assert!(
        store
            .requests("")
            .iter()
            .all(crate::support::scripted_store::Request::is_probe)
    );
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_for_a_prefix_reads_on_after_the_store_was_away() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    // As for a key that may get 2026/* and list nothing: what does not exist is forbidden.
    let restricted = move |request: &crate::support::scripted_store::Request| {
        if request.path.contains("/2026/") && !request.path.contains("gone") {
            working_store(request, &tone)
        } else {
            Reply::Send(s3_error("403 Forbidden", "AccessDenied", "Access Denied."))
        }
    };
    let rule = restricted.clone();
    let store = ScriptedStore::start(rule).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[ANY_PORT]).await;
    daemon.assert_logged("the key may not list this bucket", 1).await;
    let http = daemon.http().await;
    let (status, ready) = get(&format!("{http}/readyz")).await;
    assert!(status == 200 && ready.contains("may not list"), "{ready}");

    let first = bench.record_objects("2026/first", 2).await;
    bench.complete(&first).await;
    assert_extracted(&bench.rows(&first).await, 1);
    store.set(|_| Reply::Send(s3_error("503 Service Unavailable", "ServerNotInitialized", "booting")));
    let second = bench.record_objects("2026/second", 3).await;
    bench.complete(&second).await;
    daemon.wait_for_log("object store away").await;
    store.set(restricted);
    assert_extracted(&bench.rows(&second).await, 1);
    daemon.assert_logged("object store back", 1).await;

    // An object that is missing is an object that cannot be read; the others go on.
    let missing = bench.record_objects("2026/gone", 1).await;
    let third = bench.record_objects("2026/third", 2).await;
    bench.complete(&missing).await;
    bench.complete(&third).await;
    assert_extracted(&bench.rows(&third).await, 1);
    let rows = bench.rows_without_delays(&missing).await;
    assert_eq!(rows[0].error_kind.as_deref(), Some("unreadable"), "{rows:?}");
    assert!(
        rows[0]
            .error_message
            .as_deref()
            .is_some_and(|text| text.contains("AccessDenied"))
    );
    daemon.assert_logged("object store away", 1).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hint_for_a_wrong_region_names_the_right_one() {
    let bench = Bench::new().await;
    let redirect = |_: &_| {
        let body = b"<Error><Code>PermanentRedirect</Code><Message>Use the endpoint of the bucket.</Message></Error>";
        let headers = "x-amz-bucket-region: eu-central-1\r\n";
        Reply::Send(crate::support::s3_replies::http_reply(
            "301 Moved Permanently",
            headers,
            body,
        ))
    };
    let malformed = |_: &_| {
        let body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message>\
                     <Region>eu-central-1</Region></Error>";
        Reply::Send(crate::support::s3_replies::http_reply("400 Bad Request", "", body))
    };
    let store = ScriptedStore::start(redirect).await;
    let endpoint = store.endpoint();
    for malformed_instead in [false, true] {
        if malformed_instead {
            store.set(malformed);
        }
        let daemon = Daemon::start_at(&bench, &endpoint, &[]).await;
        daemon.wait_for_log("object store away").await;
        let line = daemon.log_lines("object store away").remove(0);
        assert!(line.contains("HEIMDALL_S3_REGION=eu-central-1"), "{line}");
        daemon.stop().await;
        let report = crate::support::doctor::doctor(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
        report.expect(
            "wrong",
            "bucket heimdall-raw-iq",
            "another region",
            "HEIMDALL_S3_REGION=eu-central-1",
        );
    }
    wait_until("all requests were signed", || async {
        store
            .requests("heimdall-raw-iq")
            .iter()
            .all(|request| request.headers.contains_key("authorization"))
    })
    .await;
}
