//! Whose fault it is that an object cannot be read: its own, or the store's.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::store::{daemon_at, is_probe, record};
use crate::support::wire::{Answer, Ask, Wire, cut, good, missing, object, refuse};
use crate::support::{Bench, iq, wait_for};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_answers_but_has_lost_its_objects_blames_none_of_them() {
    let bench = Bench::new().await;
    let session = record(&bench, "lost", 40).await;
    let wire = Wire::open(|ask| {
        Answer::Send(if is_probe(ask) {
            missing()
        } else {
            refuse("500 Internal Server Error", "InternalError", "disk gone")
        })
    })
    .await;
    let daemon = daemon_at(&bench, &wire.endpoint(), &[]).await;
    bench.complete(&session).await;
    daemon
        .wait_said("8 different objects in a row could not be read: HTTP 500 InternalError disk gone")
        .await;
    // Some are let through now and then, and none of them is blamed for it.
    let waiting = "heimdall.feature_queue WHERE state = 'waiting' AND due_at > clock_timestamp()";
    wait_for("trials", || async { (bench.count(waiting).await >= 12).then_some(()) }).await;
    bench
        .wait_count(
            "heimdall.feature_queue WHERE attempt - (state = 'claimed')::int = 0",
            40,
        )
        .await;
    let tone = iq::tone();
    wire.set(move |ask| good(ask, &tone));
    daemon.wait_said("object store back").await;
    for row in bench.rows_at_once(&session).await {
        assert_eq!((row.failed, row.attempts), (false, 1));
    }
    assert_eq!(
        (
            daemon.said("object store away").len(),
            daemon.said("object store back").len()
        ),
        (1, 1)
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_keep_failing_get_their_error_rows_while_others_work_however_many_they_are() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    let wire = Wire::open(move |ask| {
        let whole = object(ask, "v1", &tone);
        match ask.path.split("bad-").nth(1).map(|rest| &rest[..1]) {
            None => good(ask, &tone),
            Some("0") => Answer::Send(refuse("500 Internal Server Error", "InternalError", "")),
            Some("1") => Answer::Send(refuse("403 Forbidden", "AccessDenied", "Access Denied.")),
            Some("2") => Answer::Close(cut(&whole, 0)),
            Some("3") => Answer::Send(refuse("403 Forbidden", "InvalidObjectState", "It is in the archive.")),
            Some("4") => Answer::Close(
                b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\nx".to_vec(),
            ),
            Some(_) => Answer::Hang(cut(&whole, 0)),
        }
    })
    .await;
    let bad = record(&bench, "bad", 20).await;
    let good = record(&bench, "fine", 1).await;
    // The bad ones come first, and there are more of them than it takes to doubt the store.
    let daemon = daemon_at(&bench, &wire.endpoint(), &[]).await;
    bench.complete(&bad).await;
    bench.complete(&good).await;
    assert!(!bench.rows(&good).await[0].failed);
    // Minutes pass between two attempts; not here.
    let rows = bench.rows_at_once(&bad).await;
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
    let later = record(&bench, "later", 3).await;
    bench.complete(&later).await;
    assert!(bench.rows(&later).await.iter().all(|row| !row.failed));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_can_no_longer_give_what_it_gave_before_is_away_at_the_first_failure() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    let bytes = tone.clone();
    let wire = Wire::open(move |ask| good(ask, &bytes)).await;
    let daemon = daemon_at(&bench, &wire.endpoint(), &[]).await;
    let before = record(&bench, "before", 1).await;
    bench.complete(&before).await;
    assert!(!bench.rows(&before).await[0].failed);

    wire.set(|ask| {
        Answer::Send(if is_probe(ask) {
            missing()
        } else {
            refuse("500 Internal Server Error", "InternalError", "disk gone")
        })
    });
    let after = record(&bench, "after", 1).await;
    bench.complete(&after).await;
    daemon
        .wait_said("disk gone for an object that could be read before")
        .await;
    let unspent = "heimdall.feature_queue WHERE state <> 'claimed' AND attempt = 0";
    bench.wait_count(unspent, 1).await;
    wire.set(move |ask| good(ask, &tone));
    let row = bench.rows_at_once(&after).await.remove(0);
    assert_eq!((row.failed, row.attempts), (false, 1));

    // The same failure of one object, while the other can still be read, is its own.
    let tone = iq::tone();
    wire.set(move |ask| {
        if ask.path.contains("alone") {
            Answer::Send(refuse("500 Internal Server Error", "InternalError", "disk gone"))
        } else {
            good(ask, &tone)
        }
    });
    let alone = record(&bench, "alone", 1).await;
    bench.complete(&alone).await;
    let row = bench.rows_at_once(&alone).await.remove(0);
    assert_eq!((row.error_kind.as_deref(), row.attempts), (Some("unreadable"), 5));
    daemon.said_times("object store away", 1).await;
    daemon.stop().await;
}

/// Answers about the object whose path contains `key`: the first request for it fails, the next, which asks whether it still does,
/// does not; as often as `turns` says, then all are good.
fn hiccups(key: &'static str, turns: usize, bytes: Vec<u8>) -> impl Fn(&Ask) -> Answer + Send + Sync + 'static {
    let asked = AtomicUsize::new(0);
    move |ask| {
        let turn = if ask.path.contains(key) {
            asked.fetch_add(1, Ordering::Relaxed)
        } else {
            1
        };
        if turn % 2 == 0 && turn < 2 * turns {
            Answer::Send(refuse("500 Internal Server Error", "InternalError", "a disk was slow"))
        } else {
            good(ask, &bytes)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_passed_when_it_is_asked_for_again_counts_no_attempt_but_not_for_ever() {
    let bench = Bench::new().await;
    let wire = Wire::open(hiccups("twice", 2, iq::tone())).await;
    let daemon = daemon_at(&bench, &wire.endpoint(), &[]).await;
    let twice = record(&bench, "twice", 1).await;
    bench.complete(&twice).await;
    let row = bench.rows_at_once(&twice).await.remove(0);
    assert_eq!((row.failed, row.attempts), (false, 1));
    daemon.said_times("no attempt is counted", 2).await;

    // Three times nobody is blamed, then five attempts are counted.
    wire.set(hiccups("always", usize::MAX / 2, iq::tone()));
    let always = record(&bench, "always", 1).await;
    bench.complete(&always).await;
    let row = bench.rows_at_once(&always).await.remove(0);
    assert_eq!((row.error_kind.as_deref(), row.attempts), (Some("unreadable"), 5));
    daemon.said_times("no attempt is counted", 5).await;
    daemon.said_times("object store away", 0).await;
    daemon.stop().await;
}
