-- Purpose: cancel_backfill() of an administrator.
-- Parameters: $1 backfill
-- Returns: measurements
SELECT c.measurements_cancelled AS measurements FROM heimdall.cancel_backfill($1::uuid) c;
