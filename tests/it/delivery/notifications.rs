//! Notifications wake the daemons. Poll and sweep intervals are an hour here, so only a
//! notification explains success.

use crate::support::daemon::Daemon;
use crate::support::notifications::listen;
use crate::support::{Bench, connect, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_application_only_has_to_complete_the_session() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    let (_listener, mut notifications) = listen(&bench.url().await, &["heimdall_features_ready"]).await;

    // With the application's own login, which has no rights on our objects.
    bench
        .execute("GRANT USAGE ON SCHEMA heimdall TO app; GRANT SELECT, UPDATE ON heimdall.recording_sessions TO app")
        .await;
    let (application, _) = connect(&bench.url_as("app").await).await;
    let complete = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = $1";
    assert_eq!(
        application
            .execute(complete, &[&session.id])
            .await
            .expect("the application has the right"),
        1
    );

    let rows = bench.rows(&session).await;
    assert!(rows.iter().all(|row| !row.failed && row.detected == 1));
    assert_eq!(rows[0].features[0]["rx_id"], "Station 1");
    assert_eq!(
        (&rows[0].features[0]["rx_lat"], &rows[0].features[0]["rx_lon"]),
        (&45.04.into(), &7.67.into())
    );
    let ready = notifications.recv().await.expect("the connection lives");
    assert_eq!(ready, ("heimdall_features_ready".to_owned(), session.id.to_string()));
    daemon.wait_for_log("feature extraction complete").await;
    daemon.assert_logged("recording session completed", 1).await;
    daemon.assert_logged("extracted features", 3).await;
    daemon.stop().await;
    assert_eq!(notifications.try_recv().ok(), None, "the session is announced once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_sessions_completed_in_one_update_make_one_notification() {
    let bench = Bench::new().await;
    bench.history(10_000, "a.bin", "recording").await;
    let (listener, mut notifications) = listen(&bench.url().await, &["heimdall_recording_completed", "last"]).await;
    bench.complete_all().await;
    assert_eq!(bench.count("heimdall.change_notes").await, 100);
    bench.complete_all().await;
    assert_eq!(bench.count("heimdall.change_notes").await, 100);
    // Notifications arrive in the order of commits. After this one all earlier ones have arrived.
    listener.batch_execute("NOTIFY last").await.expect("notified");
    let mut channels = Vec::new();
    while channels.last().is_none_or(|channel| channel != "last") {
        channels.push(notifications.recv().await.expect("the connection lives").0);
    }
    assert_eq!(channels, ["heimdall_recording_completed", "last"]);
    bench.expand().await;
    assert_eq!(bench.count("heimdall.pending_features").await, 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setting_completed_again_does_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    daemon.wait_for_log("feature extraction complete").await;

    bench.complete(&session).await;
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_measurement_whose_object_arrives_after_completion_is_extracted_as_it_arrives() {
    let bench = Bench::new().await;
    bench.put("late.bin", recordings::tone());
    let session = bench.record(&["late.bin", "late.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_location = NULL")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);

    bench
        .execute("UPDATE heimdall.measurements SET iq_data_location = 'late.bin'")
        .await;
    assert!(bench.rows(&session).await.iter().all(|row| !row.failed));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measurements_without_a_session_id_belong_to_the_session_of_their_time() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    // Inside the window, at its last microsecond, and after it.
    for (measurement, seconds) in session.measurements.iter().zip([0.5, 1.0, 1.000_001]) {
        let place = "UPDATE heimdall.measurements m SET recording_session_id = NULL, created_at = s.created_at + $2::float8 * interval '1 second'
                     FROM heimdall.recording_sessions s WHERE m.id = $1";
        bench
            .sql
            .execute(place, &[measurement, &seconds])
            .await
            .expect("placed");
    }
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    daemon.wait_for_log("feature extraction complete").await;
    let inside = |index: usize| bench.row(session.measurements[index]);
    assert!(inside(0).await.is_some() && inside(1).await.is_some());
    assert!(inside(2).await.is_none());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_started_later_finds_what_was_completed_before() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    let daemon = Daemon::start(&bench).await;
    assert!(!bench.rows(&session).await[0].failed);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_reconnects_and_misses_no_session() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let (before, after) = (bench.record(&["a.bin"]).await, bench.record(&["a.bin"]).await);
    let daemon = Daemon::start(&bench).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'heimdalld listener'";
    assert_eq!(bench.value::<i64>(cut, &[]).await, 1);
    bench.complete(&before).await;
    bench.rows(&before).await;
    wait_until("the listener has reconnected", || async {
        daemon.log_lines(" listening").len() == 2
    })
    .await;
    bench.complete(&after).await;
    bench.rows(&after).await;
    daemon.stop().await;
}
