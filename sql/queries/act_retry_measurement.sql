-- Purpose: retry_measurement() of an administrator.
-- Parameters: $1 measurement
-- Returns: measurements
SELECT count(*) AS measurements FROM heimdall.retry_measurement($1::uuid);
