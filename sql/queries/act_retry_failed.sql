-- Purpose: retry_failed() of an administrator.
-- Parameters: $1 error_kind, or NULL for all
-- Returns: measurements
SELECT r.measurements_queued AS measurements FROM heimdall.retry_failed($1::text) r;
