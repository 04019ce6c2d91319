-- How many recordings and measurements have features: one row. A recording is a completed session, even if none of its
-- measurements has an object (session_coverage: empty). Each measurement is counted once.
CREATE OR REPLACE VIEW heimdall.feature_coverage AS
SELECT total_recordings,
       recordings_with_features,
       total_recordings - recordings_with_features AS recordings_without_features,
       total_measurements,
       measurements_with_features,
       total_measurements - measurements_with_features AS measurements_without_features,
       measurements_failed,
       measurements_pending,
       coalesce(round(recordings_with_features * 100.0 / nullif(total_recordings, 0), 2), 0.00) AS coverage_percent
FROM heimdall.measure_coverage();

COMMENT ON VIEW heimdall.feature_coverage IS
    'One row: how many completed sessions and measurements have features. Rows of measurement_features whose '
    'measurement has been deleted do not count.';
COMMENT ON COLUMN heimdall.feature_coverage.total_recordings IS 'Completed sessions.';
COMMENT ON COLUMN heimdall.feature_coverage.recordings_with_features IS
    'Completed sessions with features of at least one measurement.';
COMMENT ON COLUMN heimdall.feature_coverage.recordings_without_features IS 'Completed sessions without any features.';
COMMENT ON COLUMN heimdall.feature_coverage.total_measurements IS 'Measurements with an object in completed sessions.';
COMMENT ON COLUMN heimdall.feature_coverage.measurements_with_features IS 'Measurements that have features.';
COMMENT ON COLUMN heimdall.feature_coverage.measurements_without_features IS
    'Measurements without features: failed, pending, or not queued yet.';
COMMENT ON COLUMN heimdall.feature_coverage.measurements_failed IS
    'Measurements with an error row that are not queued again.';
COMMENT ON COLUMN heimdall.feature_coverage.measurements_pending IS
    'Measurements that are queued and have no features.';
COMMENT ON COLUMN heimdall.feature_coverage.coverage_percent IS
    'recordings_with_features as a share of total_recordings in per cent, two decimals; 0 without recordings.';
