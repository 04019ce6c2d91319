//! The verification queries in the documents of the earlier service, word for word.

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_earlier_services_verification_queries_return_the_right_answers() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin", "missing.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;

    let recorded = "SELECT COUNT(*) FROM heimdall.measurement_features
WHERE extraction_metadata->>'extraction_method' = 'recorded';";
    // An error row has no extraction method, so it does not count as features.
    assert_eq!(bench.value::<i64>(recorded, &[]).await, 2);

    let errors = "SELECT
    measurement_id,
    extraction_failed,
    error_message
FROM heimdall.measurement_features
WHERE extraction_failed = TRUE;";
    let errors = bench.sql.query(errors, &[]).await.expect("the query runs");
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].get::<_, uuid::Uuid>("measurement_id"),
        session.measurements[2]
    );
    assert_eq!(
        errors[0].get::<_, String>("error_message"),
        "IQ file not found: missing.bin"
    );

    // The earlier statistics endpoint multiplied measurements by feature rows. Here each counts once.
    let stats = "SELECT total_recordings, recordings_with_features, recordings_without_features, total_measurements,
        measurements_with_features, measurements_without_features FROM heimdall.feature_coverage";
    let stats = bench.sql.query_one(stats, &[]).await.expect("one row");
    let numbers: Vec<i64> = (0..6).map(|index| stats.get(index)).collect();
    assert_eq!(numbers, [1, 1, 0, 3, 2, 1]);
    daemon.stop().await;
}
