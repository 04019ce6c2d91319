-- Purpose: request_backfill() of an administrator.
-- Parameters: $1 since, $2 until, both as text or NULL; $3 sessions at most, or NULL for all; $4 whether failed ones count
-- Returns: measurements
SELECT b.measurements_queued AS measurements
FROM heimdall.request_backfill(1, $3::integer, $4::boolean, $1::text::timestamptz, $2::text::timestamptz) b;
