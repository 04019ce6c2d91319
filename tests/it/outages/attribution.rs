//! Attribution of failed reads: to the object, or to the store.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::daemon::Daemon;
use crate::support::s3_replies::{no_such_key, object, s3_error, truncate, working_store};
use crate::support::scripted_store::{Reply, Request, ScriptedStore};
use crate::support::{Bench, assert_extracted, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_has_lost_all_objects_is_an_outage_and_spends_no_attempts() {
    let bench = Bench::new().await;
    let session = bench.record_objects("lost", 40).await;
    let store = ScriptedStore::start(|request| {
        Reply::Send(if request.is_probe() {
            no_such_key()
        } else {
            s3_error("500 Internal Server Error", "InternalError", "disk gone")
        })
    })
    .await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    bench.complete(&session).await;
    daemon
        .wait_for_log("8 different objects in a row could not be read: HTTP 500 InternalError disk gone")
        .await;
    // Half-open: a few requests are let through now and then. Their failures spend no attempt.
    let waiting = "heimdall.feature_queue WHERE state = 'waiting' AND due_at > clock_timestamp()";
    wait_until("recordings deferred in the half-open state", || async {
        bench.count(waiting).await >= 12
    })
    .await;
    bench
        .wait_count(
            "heimdall.feature_queue WHERE attempt - (state = 'claimed')::int = 0",
            40,
        )
        .await;
    let tone = recordings::tone();
    store.set(move |request| working_store(request, &tone));
    daemon.wait_for_log("object store back").await;
    assert_extracted(&bench.rows_without_delays(&session).await, 1);
    assert_eq!(
        (
            daemon.log_lines("object store away").len(),
            daemon.log_lines("object store back").len()
        ),
        (1, 1)
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_keep_failing_get_error_rows_while_others_work() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let store = ScriptedStore::start(move |request| {
        let whole = object(request, "v1", &tone);
        match request.path.split("bad-").nth(1).map(|rest| &rest[..1]) {
            None => working_store(request, &tone),
            Some("0") => Reply::Send(s3_error("500 Internal Server Error", "InternalError", "")),
            Some("1") => Reply::Send(s3_error("403 Forbidden", "AccessDenied", "Access Denied.")),
            Some("2") => Reply::Close(truncate(&whole, 0)),
            Some("3") => Reply::Send(s3_error("403 Forbidden", "InvalidObjectState", "It is in the archive.")),
            Some("4") => {
                Reply::Close(b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\nx".to_vec())
            }
            Some(_) => Reply::Hang(truncate(&whole, 0)),
        }
    })
    .await;
    let bad = bench.record_objects("bad", 20).await;
    let good = bench.record_objects("fine", 1).await;
    // The bad objects come first, and there are more of them than the breaker needs to open.
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    bench.complete(&bad).await;
    bench.complete(&good).await;
    assert!(!bench.rows(&good).await[0].failed);
    // Without the minutes between two attempts.
    let rows = bench.rows_without_delays(&bad).await;
    for (n, says) in [
        "HTTP 500 InternalError",
        "HTTP 403 AccessDenied Access Denied.",
        "the body broke off",
        "HTTP 403 InvalidObjectState It is in the archive.",
        "the body broke off",
        "no byte of the body for 300ms",
    ]
    .into_iter()
    .enumerate()
    {
        let message = rows[n].error_message.as_deref().expect("a message");
        assert_eq!(
            (rows[n].error_kind.as_deref(), rows[n].attempts),
            (Some("unreadable"), 5),
            "{message}"
        );
        assert!(
            message.starts_with("IQ file could not be read: ") && message.contains(says),
            "{message}"
        );
    }
    let later = bench.record_objects("later", 3).await;
    bench.complete(&later).await;
    assert!(bench.rows(&later).await.iter().all(|row| !row.failed));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_an_outage_if_a_known_good_object_fails_too() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let bytes = tone.clone();
    let store = ScriptedStore::start(move |request| working_store(request, &bytes)).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    let before = bench.record_objects("before", 1).await;
    bench.complete(&before).await;
    assert!(!bench.rows(&before).await[0].failed);

    store.set(|request| {
        Reply::Send(if request.is_probe() {
            no_such_key()
        } else {
            s3_error("500 Internal Server Error", "InternalError", "disk gone")
        })
    });
    let after = bench.record_objects("after", 1).await;
    bench.complete(&after).await;
    daemon
        .wait_for_log("disk gone for an object that could be read before")
        .await;
    let unspent = "heimdall.feature_queue WHERE state <> 'claimed' AND attempt = 0";
    bench.wait_count(unspent, 1).await;
    store.set(move |request| working_store(request, &tone));
    assert_extracted(&bench.rows_without_delays(&after).await, 1);

    // The same failure of one object, while the known-good one can be read, is attributed to the object.
    let tone = recordings::tone();
    store.set(move |request| {
        if request.path.contains("alone") {
            Reply::Send(s3_error("500 Internal Server Error", "InternalError", "disk gone"))
        } else {
            working_store(request, &tone)
        }
    });
    let alone = bench.record_objects("alone", 1).await;
    bench.complete(&alone).await;
    let row = bench.rows_without_delays(&alone).await.remove(0);
    assert_eq!((row.error_kind.as_deref(), row.attempts), (Some("unreadable"), 5));
    daemon.assert_logged("object store away", 1).await;
    daemon.stop().await;
}

/// A store in which an object fails and works in turn, `turns` times: every first request for it
/// fails, and the request that verifies the failure succeeds. Other objects always work.
fn hiccups(key: &'static str, turns: usize, bytes: Vec<u8>) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let asked = AtomicUsize::new(0);
    move |request| {
        let turn = if request.path.contains(key) {
            asked.fetch_add(1, Ordering::Relaxed)
        } else {
            1
        };
        if turn % 2 == 0 && turn < 2 * turns {
            Reply::Send(s3_error(
                "500 Internal Server Error",
                "InternalError",
                "a disk was slow",
            ))
        } else {
            working_store(request, &bytes)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_passes_on_the_second_request_counts_no_attempt_three_times() {
    let bench = Bench::new().await;
    let store = ScriptedStore::start(hiccups("twice", 2, recordings::tone())).await;
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[]).await;
    let twice = bench.record_objects("twice", 1).await;
    bench.complete(&twice).await;
    assert_extracted(&bench.rows_without_delays(&twice).await, 1);
    daemon.assert_logged("no attempt is counted", 2).await;

    // Three failures count no attempt, then five are counted.
    store.set(hiccups("always", usize::MAX / 2, recordings::tone()));
    let always = bench.record_objects("always", 1).await;
    bench.complete(&always).await;
    let row = bench.rows_without_delays(&always).await.remove(0);
    assert_eq!((row.error_kind.as_deref(), row.attempts), (Some("unreadable"), 5));
    daemon.assert_logged("no attempt is counted", 5).await;
    daemon.assert_logged("object store away", 0).await;
    daemon.stop().await;
}
