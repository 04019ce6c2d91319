-- Purpose: deletes the queue row of a measurement that no longer exists, or that has no object or no session any more.
--   Its backfill no longer counts it.
-- Parameters: $1 measurement_id, $2 claim_id
-- Returns: recording_session_id, for settle_sessions.sql; no row: the lease was lost and nothing has changed
WITH dropped AS (
    DELETE FROM heimdall.feature_queue
    WHERE measurement_id = $1::uuid AND claim_id = $2::bigint
    RETURNING recording_session_id, backfill_id
), uncounted AS (
    UPDATE heimdall.backfills b
    SET total = b.total - 1,
        finished_at = coalesce(b.finished_at, CASE WHEN b.done + b.failed >= b.total - 1 THEN clock_timestamp() END)
    FROM dropped d
    WHERE b.backfill_id = d.backfill_id
)
SELECT recording_session_id FROM dropped;
