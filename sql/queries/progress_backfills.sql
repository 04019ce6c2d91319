-- Purpose: appends what a transaction has finished of backfills. keep_backfills.sql adds it to their counters.
-- Parameters: $1 backfill_ids, $2 number that got features, $3 number that got an error row; one entry per backfill
-- Returns: no rows
INSERT INTO heimdall.backfill_changes (backfill_id, done, failed)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[]);
