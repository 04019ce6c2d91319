//! Failures of a recording: an error row at the first attempt, with a fixed text.

use crate::support::daemon::Daemon;
use crate::support::{Bench, Session, recordings, wait_for, wait_until};

const NOT_FOUND: &str = "2026/11/22/station/145000000/late.bin";

/// Location, bytes of the object (`None`: no object), kind and text of the error.
type Case = (&'static str, Option<Vec<u8>>, &'static str, &'static str);

/// Objects whose samples cannot be used.
fn bad_samples() -> Vec<Case> {
    vec![
        (
            NOT_FOUND,
            None,
            "not_found",
            "IQ file not found: 2026/11/22/station/145000000/late.bin",
        ),
        (
            "truncated.bin",
            Some(recordings::tone()[..95_997].to_vec()),
            "invalid_format",
            "Invalid IQ data format: 5 bytes left over at the end, cf32_le samples are 8 bytes each (95997 bytes of samples in all)",
        ),
        (
            "nan.bin",
            Some(recordings::tone_with(7_000, (f32::NAN, 0.0))),
            "invalid_format",
            "Invalid IQ data format: 1 of the 2400 samples from sample 4800 on are NaN or infinite, the first is sample 7000",
        ),
        (
            "infinite.bin",
            Some(recordings::tone_with(0, (0.0, f32::NEG_INFINITY))),
            "invalid_format",
            "Invalid IQ data format: 1 of the 2400 samples from sample 0 on are NaN or infinite, the first is sample 0",
        ),
        (
            "silent.bin",
            Some(vec![0; 96_000]),
            "invalid_format",
            "Invalid IQ data format: every one of the 12000 samples is zero",
        ),
        (
            "page.bin",
            Some(b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".repeat(400)),
            "invalid_format",
            "Invalid IQ data format: the object is an HTML page, not a recording in a known format",
        ),
    ]
}

/// Recordings of a wrong size or at a location that is refused.
fn bad_sizes_and_locations() -> Vec<Case> {
    vec![
        (
            "short.bin",
            Some(recordings::tone()[..2_399 * 8].to_vec()),
            "too_short",
            "Recording too short: 2399 samples, one chunk needs 2400",
        ),
        (
            "empty.bin",
            Some(Vec::new()),
            "too_short",
            "Recording too short: 0 samples, one chunk needs 2400",
        ),
        (
            "s3://somebody-elses/recording.bin",
            Some(recordings::tone()),
            "location_refused",
            "IQ location not allowed: bucket 'somebody-elses' is outside the allowed buckets (heimdall-raw-iq)",
        ),
        (
            "http://169.254.169.254/recording.bin",
            None,
            "location_refused",
            "IQ location not allowed: 'http://' is not an object of the allowed buckets (heimdall-raw-iq)",
        ),
        (
            "../somebody-elses/recording.bin",
            None,
            "location_refused",
            "IQ location not allowed: '../somebody-elses/recording.bin' has a '.' or '..' segment",
        ),
        (
            "large.bin",
            Some(vec![1; 200_001]),
            "too_large",
            "IQ file too large: 200001 bytes, the limit is 200000 bytes (HEIMDALL_MAX_OBJECT_BYTES)",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_recording_gets_its_exact_error_text_at_the_first_attempt() {
    let bench = Bench::new().await;
    let cases = [bad_samples(), bad_sizes_and_locations()].concat();
    for (key, content, ..) in &cases {
        if let Some(content) = content {
            bench.put(key, content.clone());
        }
    }
    let locations: Vec<&str> = cases.iter().map(|(location, ..)| *location).collect();
    let session = bench.record(&locations).await;
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_MAX_OBJECT_BYTES", "200000")]).await;
    bench.complete(&session).await;

    for (row, (location, _, kind, message)) in bench.rows(&session).await.iter().zip(&cases) {
        assert!(row.failed, "{location}");
        assert_eq!(row.error_message.as_deref(), Some(*message));
        assert_eq!(row.error_kind.as_deref(), Some(*kind), "{location}");
        assert_eq!((row.attempts, row.detected, row.confidence), (1, 0, 0.0), "{location}");
        assert_eq!(
            (row.mean_snr_db, row.features.to_string().as_str()),
            (None, "[]"),
            "{location}"
        );
    }
    // Only the missing object is requested again, since it may arrive late.
    bench.wait_count("heimdall.feature_queue", 1).await;
    assert_eq!(
        bench
            .count("heimdall.feature_queue WHERE recheck AND state = 'waiting'")
            .await,
        1
    );
    daemon.wait_for_log("feature extraction complete").await;
    assert_eq!(daemon.log_lines("extraction failed").len(), cases.len());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_arrives_late_replaces_its_error_row() {
    let bench = Bench::new().await;
    let session = bench.record(&[NOT_FOUND]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    assert!(bench.rows(&session).await[0].failed);
    let due = "SELECT extract(epoch FROM due_at - clock_timestamp())::float8 FROM heimdall.feature_queue";
    let due_seconds: f64 = wait_for("the recheck is scheduled", || async {
        bench
            .sql
            .query_opt(due, &[])
            .await
            .expect("the queue")
            .map(|row| row.get(0))
    })
    .await;
    assert!((20.0..=30.0).contains(&due_seconds), "{due_seconds}");
    daemon.stop().await;

    bench.put(NOT_FOUND, recordings::tone());
    bench
        .execute("UPDATE heimdall.feature_queue SET due_at = now() WHERE state = 'waiting'")
        .await;
    // A daemon promotes what is due when it starts.
    let daemon = Daemon::start(&bench).await;
    wait_for("features in place of the error", || async {
        bench.row(session.measurements[0]).await.filter(|row| !row.failed)
    })
    .await;
    bench.wait_count("heimdall.feature_queue", 0).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_object_is_requested_three_times_and_stays_an_error() {
    let bench = Bench::new().await;
    let session = bench.record(&[NOT_FOUND]).await;
    bench.complete(&session).await;
    for attempt in 1..=3 {
        let daemon = Daemon::start(&bench).await;
        let attempts = || async {
            bench
                .row(session.measurements[0])
                .await
                .filter(|row| row.attempts == attempt)
        };
        wait_for("the next attempt", attempts).await;
        daemon.stop().await;
        assert_eq!(
            bench.count("heimdall.feature_queue").await,
            i64::from(attempt < 3),
            "after attempt {attempt}"
        );
        bench
            .execute("UPDATE heimdall.feature_queue SET due_at = now() WHERE state = 'waiting'")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_error_never_replaces_features() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let good = bench.rows(&session).await.remove(0);
    assert!(!good.failed);

    // The location changes after completion. The measurement is queued again, and its object is missing.
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_location = 'gone.bin'")
        .await;
    wait_until("the failure is logged", || async {
        !daemon.log_lines("IQ file not found: gone.bin").is_empty()
    })
    .await;
    let after = bench.row(session.measurements[0]).await.expect("the row still exists");
    assert_eq!((after.failed, &after.features), (false, &good.features));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_without_a_signal_is_a_valid_row() {
    let bench = Bench::new().await;
    let mut rng = fastrand::Rng::with_seed(9);
    let mut normal = || (-2.0 * (1.0 - rng.f32()).ln()).sqrt() * (std::f32::consts::TAU * rng.f32()).cos();
    bench.put(
        "noise.bin",
        recordings::to_bytes((0..recordings::SAMPLES).map(|_| (normal(), normal()))),
    );
    let session = bench.record(&["noise.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let row = bench.rows(&session).await.remove(0);
    assert_eq!((row.failed, row.detected), (false, 0));
    assert_eq!(row.features[0]["signal_present"], false);
    assert_eq!(row.features[0]["extended"]["detection_rate"], 0.0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_location_leads_to_the_object() {
    let bench = Bench::new().await;
    let key = "2026/11/22/a b+ü%2F~/145000000/x.bin";
    bench.put(key, recordings::tone());
    let forms = [
        key.to_owned(),
        format!("heimdall-raw-iq/{key}"),
        format!("s3://heimdall-raw-iq/{key}"),
    ];
    let session: Session = bench.record(&forms.each_ref().map(String::as_str)).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    for row in bench.rows(&session).await {
        assert_eq!(row.error_message, None);
        assert_eq!(row.metadata["object_key"], key);
        assert_eq!(row.metadata["object_bytes"], 96_000);
        assert_eq!(row.metadata["extraction_method"], "recorded");
        assert_eq!(row.metadata["recording_session_id"], session.id.to_string());
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_no_recording_has_is_one_error_row() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    let far_out = "UPDATE heimdall.measurements SET created_at = '294276-12-31 00:00Z' WHERE id = $1";
    let updated = bench.sql.execute(far_out, &[&session.measurements[0]]).await;
    assert_eq!(updated.expect("updated"), 1);
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert_eq!(
        (rows[0].error_kind.as_deref(), rows[1].failed),
        (Some("bad_value"), false)
    );
    let message = rows[0].error_message.as_deref().expect("a message");
    assert!(message.contains("created_at is 294276-12-31"), "{message}");
    daemon.stop().await;
}
