-- Purpose: announces the sessions that have nothing outstanding. In the transaction that took lock_sessions.sql, after its
--   results are stored.
-- Parameters: $1 recording_session_ids
-- Returns: recording_session_id, succeeded, failed for each of them that is finished
-- Plan: feature_queue_session_idx, then Index Only Scan using measurement_features_session_idx: 5 buffers, 0.07 ms a session, at 10
--   thousand finished measurements and at 10 million.
SELECT recording_session_id, succeeded, failed FROM heimdall.settle_sessions($1::uuid[]);
