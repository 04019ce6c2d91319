-- Purpose: cancels a backfill, for `heimdalld backfill --cancel` and the operator's page. Needs the rights of an administrator.
-- Parameters: $1 backfill
-- Returns: measurements (removed from the queue)
SELECT c.measurements_cancelled AS measurements FROM heimdall.cancel_backfill($1::uuid) c;
