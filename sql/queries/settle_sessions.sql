-- Purpose: announces the sessions that have nothing outstanding. In the transaction that took lock_sessions.sql, after its
--   results are stored.
-- Parameters: $1 recording_session_ids
-- Returns: recording_session_id, succeeded, failed for each of them that is finished
SELECT recording_session_id, succeeded, failed FROM heimdall.settle_sessions($1::uuid[]);
