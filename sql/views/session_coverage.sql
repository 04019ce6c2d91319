-- feature_coverage per session. Ask for one session by recording_session_id: that touches its own rows only.
CREATE OR REPLACE VIEW heimdall.session_coverage AS
SELECT c.recording_session_id, c.session_created_at,
       CASE WHEN c.total_measurements = 0 THEN 'empty'
            WHEN c.measurements_with_features = c.total_measurements THEN 'complete'
            WHEN c.measurements_with_features + c.measurements_failed < c.total_measurements THEN 'pending'
            WHEN c.measurements_with_features = 0 THEN 'failed'
            ELSE 'partial'
       END AS state,
       c.total_measurements, c.measurements_with_features,
       c.total_measurements - c.measurements_with_features AS measurements_without_features,
       c.measurements_failed, c.measurements_pending
FROM (
    SELECT s.id AS recording_session_id, s.created_at::timestamptz AS session_created_at,
           count(m.measurement_id) AS total_measurements,
           count(*) FILTER (WHERE f.extraction_failed IS FALSE) AS measurements_with_features,
           count(*) FILTER (WHERE f.extraction_failed AND (q.recheck IS NULL OR q.recheck)) AS measurements_failed,
           count(*) FILTER (WHERE f.extraction_failed IS NOT FALSE AND NOT q.recheck) AS measurements_pending
    FROM heimdall.recording_sessions s
    LEFT JOIN heimdall.session_measurements m ON m.recording_session_id = s.id
    LEFT JOIN heimdall.measurement_features f ON f.measurement_id = m.measurement_id
    LEFT JOIN heimdall.feature_queue q ON q.measurement_id = m.measurement_id
    WHERE s.status = 'completed'
    GROUP BY s.id, s.created_at
) c;

COMMENT ON VIEW heimdall.session_coverage IS 'Completed sessions: how many of their measurements have features, failed, or are still to come.';
COMMENT ON COLUMN heimdall.session_coverage.recording_session_id IS 'The session.';
COMMENT ON COLUMN heimdall.session_coverage.session_created_at IS 'Its start.';
COMMENT ON COLUMN heimdall.session_coverage.state IS 'empty: no measurement with an object. complete: all have features. pending: some are still to come, queued or about to be found by the sweep. failed: none has features and none will. partial: some have, the others failed.';
COMMENT ON COLUMN heimdall.session_coverage.total_measurements IS 'Measurements with an object.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_with_features IS 'Those that have features.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_without_features IS 'Those that have none: failed, pending, or not queued yet.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_failed IS 'Those with an error row that are not queued again.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_pending IS 'Those that are queued and have no features.';
