-- Purpose: how many measurements of a session retry_session.sql queues or makes ready.
-- Parameters: $1 session
-- Returns: measurements
SELECT count(*) AS measurements
FROM heimdall.status_of(session => $1::uuid) s
WHERE s.state IN ('failed', 'recheck', 'waiting', 'not queued');
