-- Purpose: `heimdalld retry`: queues failed measurements again. Needs the rights of an administrator.
-- Parameters: $1 error_kind (NULL: all), $2 since and $3 until as text (NULL: no limit)
-- Returns: recordings_found, measurements_queued
SELECT r.recordings_found, r.measurements_queued
FROM heimdall.retry_failed($1::text, ($2::text)::timestamptz, ($3::text)::timestamptz) r;
