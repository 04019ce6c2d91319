//! Large sessions, long recordings, a partitioned table.

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::extraction::extractor::MAX_SEGMENTS;
use uuid::Uuid;

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings, wait_for};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_a_thousand_measurements_is_announced_once_when_all_have_their_row() {
    let bench = Bench::new().await;
    // One chunk of 200 ms.
    bench.put("a.bin", recordings::tone()[..19_200].to_vec());
    let session: Uuid = bench
        .value(
            "INSERT INTO heimdall.recording_sessions (status, duration_seconds) VALUES ('recording', 1) RETURNING id",
            &[],
        )
        .await;
    let insert = "INSERT INTO heimdall.measurements (iq_data_location, recording_session_id, iq_sample_rate)
                  SELECT 'a.bin', $1, $2::float8 FROM generate_series(1, 1000)";
    bench
        .sql
        .execute(insert, &[&session, &recordings::SAMPLE_RATE_HZ])
        .await
        .expect("inserted");
    let daemon = Daemon::start(&bench).await;
    bench.complete_all().await;
    daemon.wait_for_log("feature extraction complete").await;
    let lines = daemon.log_lines("feature extraction complete");
    assert!(
        lines.len() == 1 && lines[0].contains("succeeded=1000 failed=0"),
        "{lines:#?}"
    );
    let covered = "heimdall.session_coverage WHERE state = 'complete' AND measurements_with_features = 1000";
    assert_eq!(bench.count(covered).await, 1);
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_results_table_partitioned_by_time_works_like_any_other() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    // As an administrator does it: a partitioned table replaces the plain one, then a migration restores grants and
    // views.
    bench
        .execute(
            "ALTER TABLE heimdall.measurement_features RENAME TO measurement_features_plain;
             CREATE TABLE heimdall.measurement_features (LIKE heimdall.measurement_features_plain INCLUDING ALL) PARTITION BY RANGE (timestamp);
             CREATE TABLE heimdall.measurement_features_past PARTITION OF heimdall.measurement_features FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
             CREATE TABLE heimdall.measurement_features_rest PARTITION OF heimdall.measurement_features DEFAULT;",
        )
        .await;
    heimdall_daemon::postgres::migrate::migrate(&Secret::new(bench.url().await))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    bench.execute("DROP TABLE heimdall.measurement_features_plain").await;

    let session = bench.record(&["good.bin", "late.bin"]).await;
    let early = "UPDATE heimdall.measurements SET created_at = '2025-06-01' WHERE id = $1";
    bench
        .sql
        .execute(early, &[&session.measurements[1]])
        .await
        .expect("dated");
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert_eq!(
        (rows[0].failed, rows[1].error_kind.as_deref()),
        (false, Some("not_found"))
    );
    assert_eq!(bench.count("heimdall.measurement_features_past").await, 1);
    // Features replace the error row, in another partition.
    bench.put("late.bin", recordings::tone());
    bench
        .execute("UPDATE heimdall.measurements SET created_at = '2026-06-01' WHERE iq_data_location = 'late.bin'")
        .await;
    wait_for("features in place of the error", || async {
        bench.row(session.measurements[1]).await.filter(|row| !row.failed)
    })
    .await;
    assert_eq!(bench.count("heimdall.measurement_features_past").await, 0);
    assert_eq!(
        bench.count("heimdall.session_coverage WHERE state = 'complete'").await,
        1
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_segments_of_a_long_recording_are_sent_in_parts_and_stored_in_order() {
    const SECONDS: usize = 600;
    let bench = Bench::new().await;
    bench.put("long.bin", recordings::tone_of(1, SECONDS * 1_000));
    let session = bench.record(&["long.bin"]).await;
    // The wrong sample count is only known at the end, but the warning must be in every segment.
    bench
        .execute("UPDATE heimdall.measurements SET iq_sample_rate = 1000, iq_samples_count = 7")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let row = &bench.rows(&session).await[0];
    assert_eq!(row.error_message, None);
    let segments = row.features.as_array().expect("an array");
    assert_eq!(segments.len(), SECONDS);
    for (index, segment) in segments.iter().enumerate() {
        assert_eq!(segment["segment_index"], index);
        assert_eq!(
            segment["quality"]["warnings"],
            serde_json::json!(["sample_count_doubtful"])
        );
    }
    assert_eq!(row.metadata["num_segments"], SECONDS);
    assert_eq!(bench.count("heimdall.feature_parts").await, 0);
    // The longest recording that is accepted fits into a value, which has 1 GB at most.
    let largest =
        "SELECT max(pg_column_size(s))::bigint FROM heimdall.measurement_features, unnest(receiver_features) s";
    let segment_bytes: i64 = bench.value(largest, &[]).await;
    let longest = i64::try_from(MAX_SEGMENTS).expect("a number") * segment_bytes;
    assert!(longest < 1 << 30, "{segment_bytes} bytes for a segment");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_recording_without_disk_space_is_retried_and_short_ones_need_none() {
    let bench = Bench::new().await;
    bench.put("long.bin", recordings::tone_of(1, 60_000));
    bench.put("short.bin", recordings::tone_of(1, 2_000));
    let session = bench.record(&["long.bin", "short.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_sample_rate = 1000")
        .await;
    let daemon = Daemon::start_with(&bench, &[("TMPDIR", "/nonexistent")]).await;
    bench.complete(&session).await;
    daemon.wait_for_log("recording postponed").await;
    let lines = daemon.log_lines("recording postponed");
    assert!(
        lines.len() == 1 && lines[0].contains("internal error: temporary file: "),
        "{lines:?}"
    );
    let waits = "heimdall.feature_queue WHERE state = 'waiting' AND attempt = 1";
    bench.wait_count(waits, 1).await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 1)
        .await;
    daemon.stop().await;
}
