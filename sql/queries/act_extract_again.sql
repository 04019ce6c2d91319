-- Purpose: extract_again() of an administrator.
-- Parameters: $1 session or NULL, $2 measurement or NULL
-- Returns: measurements
SELECT e.measurements_queued AS measurements
FROM heimdall.extract_again(session => $1::uuid, measurement => $2::uuid) e;
