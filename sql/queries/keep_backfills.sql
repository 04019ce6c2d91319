-- Purpose: adds what transactions have finished to the counters of backfills; see functions/keep_backfills.sql.
-- Parameters: none
-- Returns: backfill_id, total, done, failed of the backfills that this call finishes
SELECT backfill_id, total, done, failed FROM heimdall.keep_backfills();
