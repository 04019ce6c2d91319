-- Purpose: adds finished measurements to the counters of their backfills. It is the last statement of its transaction,
--   because every daemon that works on the backfill waits for this row.
-- Parameters: $1 backfill_ids, $2 number that got features, $3 number that got an error row; one entry per backfill
-- Returns: backfill_id, total, done, failed of the backfills that this statement finishes
WITH counts AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS u (backfill_id, done, failed)
), locked AS MATERIALIZED (
    SELECT backfill_id FROM heimdall.backfills WHERE backfill_id = ANY ($1::uuid[]) ORDER BY backfill_id FOR UPDATE
), counted AS (
    UPDATE heimdall.backfills b
    SET done = b.done + c.done, failed = b.failed + c.failed,
        finished_at = coalesce(b.finished_at, CASE WHEN b.done + c.done + b.failed + c.failed >= b.total
                                                   THEN clock_timestamp() END)
    FROM locked l JOIN counts c USING (backfill_id)
    WHERE b.backfill_id = l.backfill_id
    RETURNING b.backfill_id, b.total, b.done, b.failed, b.done + b.failed - c.done - c.failed AS before
)
SELECT backfill_id, total, done, failed FROM counted WHERE done + failed >= total AND before < total;
