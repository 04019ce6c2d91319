//! An export that is typed again.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::super::refused;
use super::{Export, read, rows};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_days_that_have_changed_are_written_again() {
    let export = Export::new().await;
    assert!(export.written(&[]).await.starts_with("2 days written, 10 rows"));
    let inode = |day: &str| fs::metadata(export.day(day, "parquet")).expect("a file").ino();
    let before = [inode("2026-11-26"), inode("2026-11-27")];
    assert_eq!(export.written(&[]).await, "0 days written, 0 rows, 0 B, 2 unchanged");
    assert_eq!([inode("2026-11-26"), inode("2026-11-27")], before);

    // A receiver that comes later, of a name that would come first. An extraction again.
    export
        .bench
        .execute("SELECT public.recording('2026-11-27 00:00Z', 'Aosta', 1)")
        .await;
    assert!(export.written(&[]).await.starts_with("1 day written, 3 rows"));
    assert_eq!(inode("2026-11-26"), before[0]);
    let receivers: Vec<String> = rows(&read(&export.day("2026-11-27", "parquet")))
        .into_iter()
        .map(|(_, receiver, ..)| receiver)
        .collect();
    assert_eq!(receivers, ["Cuneo", "Torino", "Aosta"]);
    let again = "UPDATE heimdall.measurement_features SET receiver_features = ARRAY[public.object(rx_id, 0)], updated_at = clock_timestamp()
                 WHERE rx_id = 'Torino' AND timestamp < '2026-11-26 12:00Z'";
    export.bench.execute(again).await;
    assert!(export.written(&[]).await.starts_with("1 day written, 12 rows"));
    assert_eq!(
        export.state()["receivers"],
        serde_json::json!(["Cuneo", "Torino", "Aosta"])
    );

    // A file that somebody removed, and a day whose samples are gone.
    fs::remove_file(export.day("2026-11-26", "parquet")).expect("removed");
    export
        .bench
        .execute("DELETE FROM heimdall.measurement_features WHERE timestamp >= '2026-11-27Z'")
        .await;
    let line = export.written(&[]).await;
    assert!(
        line.starts_with("1 day written, 12 rows") && line.ends_with("0 unchanged, 1 removed"),
        "{line}"
    );
    assert!(!export.out().join("day=2026-11-27").exists());
    assert_eq!(export.state()["days"].as_object().map(serde_json::Map::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_was_interrupted_or_killed_goes_on() {
    let export = Export::new().await;
    export.block("2026-11-27").await;
    let mut waiting = export.waiting().await;
    let (status, text) = refused(&export.run(&[]).await);
    assert_eq!(status, Some(64));
    assert!(text.starts_with("heimdalld: another export writes into "), "{text}");
    waiting.signal("INT");
    assert_eq!(waiting.wait_exit().await.code(), Some(130));
    let lines = waiting.stdout_lines("");
    assert!(
        lines[0].starts_with("interrupted: 1 day written, 8 rows, "),
        "{lines:?}"
    );
    assert_eq!(lines[1], "Typed again, it goes on with the days that are left.");
    assert!(!export.out().join("day=2026-11-27").exists());
    let inode = || fs::metadata(export.day("2026-11-26", "parquet")).expect("a file").ino();
    let before = inode();

    // The connection that still waits for the lock does not count.
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event = 'advisory'";
    export.bench.execute(ended).await;
    export
        .bench
        .wait_count(
            "pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'",
            0,
        )
        .await;
    let mut waiting = export.waiting().await;
    waiting.signal("KILL");
    waiting.wait_exit().await;
    let incomplete = export.out().join("day=2026-11-27/.samples.incomplete");
    assert!(incomplete.exists());
    export.bench.execute("SELECT pg_advisory_unlock(7)").await;
    let line = export.written(&[]).await;
    assert!(
        line.starts_with("1 day written, 2 rows") && line.ends_with("1 unchanged"),
        "{line}"
    );
    assert!(!incomplete.exists() && export.day("2026-11-27", "parquet").exists());
    assert_eq!(inode(), before);
}
