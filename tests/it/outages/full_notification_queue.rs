//! A session that listens in an open transaction keeps all notifications of the server, until the
//! queue is full.
//!
//! From `PostgreSQL` 17 on the size of the queue is a setting. Before, it is 8 GB, and filling it
//! takes minutes: this test does it only if `HEIMDALL_FULL_NOTIFICATION_QUEUE` is set
//! (`tests/load/full_notification_queue.sh`).

use crate::support::daemon::Daemon;
use crate::support::doctor::doctor;
use crate::support::notifications::listen;
use crate::support::{Bench, connect, recordings, wait_until};

/// From this version on the size of the queue is a setting. 64 pages are the minimum.
const SIZE_IS_A_SETTING: i32 = 170_000;
const SMALLEST: &str = "max_notify_queue_pages=64";

/// Above this usage `wake_workers` sends no notification.
const NEARLY_FULL: f64 = 0.9;

/// Fills the queue to this usage. A notification of this length takes a page.
async fn fill(bench: &Bench, share: f64, at_once: i32) {
    let notify = "SELECT count(pg_notify('filler', n || repeat('x', 7900))) FROM generate_series(1, $1::int) n";
    while usage(bench).await < share {
        assert_eq!(bench.value::<i64>(notify, &[&at_once]).await, i64::from(at_once));
    }
}

/// Fills the queue until `NOTIFY` fails.
async fn fill_to_the_last_page(bench: &Bench) {
    let (filler, _) = connect(&bench.url().await).await;
    let error = loop {
        let notify = "SELECT pg_notify('filler', repeat('y', 7999))";
        if let Err(error) = filler.batch_execute(notify).await {
            break error;
        }
    };
    let message = error.as_db_error().map(tokio_postgres::error::DbError::message);
    assert_eq!(message, Some("too many notifications in the NOTIFY queue"), "{error:?}");
}

async fn usage(bench: &Bench) -> f64 {
    bench.value("SELECT pg_notification_queue_usage()", &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_notification_queue_fails_no_commit_and_loses_no_recording() {
    let mut bench = Bench::with_own_cluster().await;
    let version: String = bench.value("SHOW server_version_num", &[]).await;
    let at_once = if version.parse::<i32>().expect("a number") >= SIZE_IS_A_SETTING {
        bench.own_cluster().set_for_next_start(&[SMALLEST]);
        tokio::task::block_in_place(|| bench.own_cluster().restart()).expect("it starts again");
        bench.reconnect().await;
        1
    } else if std::env::var_os("HEIMDALL_FULL_NOTIFICATION_QUEUE").is_some() {
        10_000
    } else {
        println!(
            "skipped: before PostgreSQL 17 this takes minutes and 8 GB; set HEIMDALL_FULL_NOTIFICATION_QUEUE to run it"
        );
        return;
    };
    bench.put("a.bin", recordings::tone());
    let (holder, _) = connect(&bench.url().await).await;
    // LISTEN takes effect at its own COMMIT, so the transaction begins after it.
    for statement in ["LISTEN held", "BEGIN; SELECT count(*) FROM pg_class"] {
        holder.batch_execute(statement).await.expect("it listens");
    }

    fill(&bench, 0.55, at_once).await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    report.expect("warning", "notification queue", " % full", "pg_terminate_backend(pid)");

    fill(&bench, NEARLY_FULL + 0.01, at_once).await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(1);
    report.expect(
        "wrong",
        "notification queue",
        "daemons are not woken any more and poll",
        "pg_terminate_backend(pid)",
    );

    fill_to_the_last_page(&bench).await;

    // The COMMITs of the application and the daemon succeed. The daemon polls.
    let daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_POLL_INTERVAL", "1s")]).await;
    bench.wait_count("heimdall.extraction_workers", 1).await;
    let session = bench.record(&["a.bin", "a.bin", "missing.bin"]).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert_eq!(
        rows.iter().map(|row| (row.failed, row.attempts)).collect::<Vec<_>>(),
        [(false, 1), (false, 1), (true, 1)]
    );
    bench.wait_count("heimdall.feature_queue WHERE NOT recheck", 0).await;
    assert_eq!(bench.count("heimdall.feature_failures").await, 1);

    // After the transaction has ended, finished sessions are announced again.
    holder
        .batch_execute("COMMIT")
        .await
        .expect("the transaction was open until now");
    wait_until("room in the queue", || async {
        // The next NOTIFY advances the tail of the queue.
        let _ = bench.sql.batch_execute("NOTIFY filler").await;
        usage(&bench).await < NEARLY_FULL
    })
    .await;
    let (_listener, mut notifications) = listen(&bench.url().await, &["heimdall_features_ready"]).await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    let ready = notifications.recv().await.expect("the connection lives");
    assert_eq!(ready.1, session.id.to_string());
    daemon.stop().await;
}
