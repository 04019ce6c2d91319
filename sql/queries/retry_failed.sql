-- Purpose: queues failed measurements again, for `heimdalld retry` and the operator's page. Needs the rights of an administrator.
-- Parameters: $1 error_kind (NULL: all), $2 since and $3 until as text (NULL: no limit)
-- Returns: measurements (queued)
SELECT r.measurements_queued AS measurements
FROM heimdall.retry_failed($1::text, ($2::text)::timestamptz, ($3::text)::timestamptz) r;
