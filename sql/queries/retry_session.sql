-- Purpose: `heimdalld retry --session`: what failed, waits or is not queued in a session is tried now. Needs the rights of
--   an administrator.
-- Parameters: $1 session
-- Returns: a row for each measurement: outcome
SELECT heimdall.retry_measurement(s.measurement_id) AS outcome
FROM heimdall.status_of(session => $1::uuid) s
WHERE s.state IN ('failed', 'recheck', 'waiting', 'not queued');
