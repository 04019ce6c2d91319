//! `heimdalld retry`.

use uuid::Uuid;

use super::{logins, printed, refused, run};
use crate::support::daemon::Daemon;
use crate::support::{Bench, Session};

/// A session of three whose objects are no recordings.
async fn failed(bench: &Bench) -> Session {
    bench.put("b.bin", b"RIFF".to_vec());
    let session = bench.record(&["b.bin", "b.bin", "b.bin"]).await;
    let daemon = Daemon::start(bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    daemon.stop().await;
    session
}

const QUEUED: &str = "heimdall.feature_queue WHERE source = 'retry'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_says_to_how_many_and_does_it() {
    let bench = Bench::new().await;
    logins(&bench).await;
    let session = failed(&bench).await;
    let measurement = session.measurements[0].to_string();
    let id = session.id.to_string();

    // Without a terminal nobody can be asked.
    let (status, text) = refused(&run(&bench, "admin", &["retry", "--all"]).await);
    assert_eq!(status, Some(64));
    assert!(text.contains("--yes"), "{text}");
    assert_eq!(bench.count(QUEUED).await, 0);

    let (status, text) = printed(&run(&bench, "admin", &["retry", "--measurement", &measurement, "--yes"]).await);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("of Station 1, which is failed") && text.ends_with("1 measurement queued again\n"),
        "{text}"
    );
    assert_eq!(bench.count(QUEUED).await, 1);
    let (status, text) = printed(&run(&bench, "admin", &["retry", "--session", &id, "--yes"]).await);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("retries 2 of the 3 measurements") && text.ends_with("2 measurements queued again\n"),
        "{text}"
    );
    assert_eq!(bench.count(QUEUED).await, 3);

    bench.execute("DELETE FROM heimdall.feature_queue").await;
    let kind = ["retry", "--kind", "invalid_format", "--since", "2020-01-01", "--yes"];
    let (status, text) = printed(&run(&bench, "admin", &kind).await);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("3 measurements at most") && text.contains("with invalid_format since 2020-01-01"),
        "{text}"
    );
    assert_eq!(bench.count(QUEUED).await, 3);
    let (status, text) = printed(&run(&bench, "admin", &["retry", "--kind", "not_found", "--yes"]).await);
    assert_eq!((status, text.ends_with("nothing to do\n")), (Some(0), true), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_retry_cannot_do_is_one_sentence() {
    let bench = Bench::new().await;
    logins(&bench).await;
    let session = failed(&bench).await;
    let unknown = Uuid::from_u128(7).to_string();
    for (arguments, expected, words) in [
        (vec!["retry"], 64, "--measurement"),
        (vec!["retry", "--all", "--kind", "crashed"], 64, "cannot be used with"),
        (vec!["retry", "--measurement", &unknown], 1, "there is no measurement"),
        (vec!["retry", "--session", &unknown], 1, "there is no session"),
        (vec!["retry", "--all", "--since", "soon"], 64, "soon"),
    ] {
        let (status, text) = refused(&run(&bench, "admin", &arguments).await);
        assert_eq!(status, Some(expected), "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
    }
    // A reader learns to how many, and may not do it.
    let id = session.id.to_string();
    let (status, text) = refused(&run(&bench, "reader", &["retry", "--session", &id, "--yes"]).await);
    assert_eq!((status, text.lines().count()), (Some(77), 1), "{text}");
    assert!(text.contains(r#"GRANT heimdall_admin TO "reader";"#), "{text}");
    assert_eq!(bench.count(QUEUED).await, 0);
}
