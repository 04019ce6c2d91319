-- Purpose: announces the sessions that have nothing outstanding, and notes all of them for the kept counts. It runs after
--   lock_sessions.sql, in the transaction that has stored the results.
-- Parameters: $1 recording_session_ids
-- Returns: recording_session_id, succeeded, failed of each session that is finished
-- Plan: feature_queue_session_idx, then Index Only Scan using measurement_features_session_idx: 5 buffers, 0.07 ms per
--   session, with 10 thousand finished measurements and with 10 million.
WITH changed AS (
    INSERT INTO heimdall.coverage_changes (session_ids) SELECT $1::uuid[] WHERE cardinality($1::uuid[]) > 0
)
SELECT recording_session_id, succeeded, failed FROM heimdall.settle_sessions($1::uuid[]);
