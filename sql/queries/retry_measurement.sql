-- Purpose: `heimdalld retry --measurement`. Needs the rights of an administrator.
-- Parameters: $1 measurement
-- Returns: outcome: queued or ready
SELECT heimdall.retry_measurement($1::uuid) AS outcome;
