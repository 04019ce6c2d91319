-- Purpose: `heimdalld backfill --cancel`. Needs the rights of an administrator.
-- Parameters: $1 backfill
-- Returns: cancelled: how many measurements were removed from the queue
SELECT c.measurements_cancelled AS cancelled FROM heimdall.cancel_backfill($1::uuid) c;
