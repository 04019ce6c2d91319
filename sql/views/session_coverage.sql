-- feature_coverage per session. A query for one session takes less than 1 ms, for all of them about 0.1 ms each.
CREATE OR REPLACE VIEW heimdall.session_coverage AS
SELECT s.session_id AS recording_session_id,
       s.started_at AS session_created_at,
       CASE WHEN c.total = 0 THEN 'empty'
            WHEN c.with_features = c.total THEN 'complete'
            WHEN c.with_features + c.failed < c.total THEN 'pending'
            WHEN c.with_features = 0 THEN 'failed'
            ELSE 'partial'
       END AS state,
       c.total AS total_measurements,
       c.with_features AS measurements_with_features,
       c.total - c.with_features AS measurements_without_features,
       c.failed AS measurements_failed,
       c.pending AS measurements_pending
FROM heimdall.application_sessions s
CROSS JOIN LATERAL heimdall.count_session(s.session_id) c
WHERE heimdall.is_completed(s.status);

COMMENT ON VIEW heimdall.session_coverage IS
    'Completed sessions: how many of their measurements have features, failed, or are outstanding.';
COMMENT ON COLUMN heimdall.session_coverage.recording_session_id IS 'The session.';
COMMENT ON COLUMN heimdall.session_coverage.session_created_at IS 'Start of the session.';
COMMENT ON COLUMN heimdall.session_coverage.state IS
    'empty: no measurement has an object. complete: all have features. pending: some are outstanding, queued or not '
    'yet found by the sweep. failed: all failed. partial: some have features, the others failed.';
COMMENT ON COLUMN heimdall.session_coverage.total_measurements IS 'Measurements with an object.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_with_features IS 'Measurements that have features.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_without_features IS
    'Measurements without features: failed, pending, or not queued yet.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_failed IS
    'Measurements with an error row that are not queued again.';
COMMENT ON COLUMN heimdall.session_coverage.measurements_pending IS
    'Measurements that are queued and have no features.';
