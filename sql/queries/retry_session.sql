-- Purpose: `heimdalld retry --session`: what failed, waits or is not queued in a session is tried now. Needs the rights of
--   an administrator.
-- Parameters: $1 session
-- Returns: measurements
SELECT count(heimdall.retry_measurement(s.measurement_id)) AS measurements
FROM heimdall.status_of(session => $1::uuid) s
WHERE s.state IN ('failed', 'recheck', 'waiting', 'not queued');
