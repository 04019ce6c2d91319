-- Purpose: cancel_measurement() of an administrator.
-- Parameters: $1 measurement
-- Returns: measurements: 0 if it was not queued
SELECT c.was_queued::integer::bigint AS measurements FROM heimdall.cancel_measurement($1::uuid) AS c (was_queued);
