-- Purpose: makes claimed measurements ready again, as if they had not been claimed, and notifies the other daemons.
-- Parameters: $1 measurement_ids, $2 their claim_ids, in the same order
-- Returns: released, the number of measurements that were still held. A row that somebody else has locked stays claimed.
WITH back AS (
    UPDATE heimdall.feature_queue q
    SET state = 'ready', attempt = q.attempt - 1, claim_id = NULL, worker_id = NULL, claimed_at = NULL,
        recheck = q.recheck AND q.attempt > 1
    -- A claim_id belongs to one measurement, so the lists need no join. A join might read the whole queue.
    WHERE q.measurement_id = ANY (ARRAY(
        SELECT h.measurement_id FROM heimdall.feature_queue h
        WHERE h.measurement_id = ANY ($1::uuid[]) AND h.claim_id = ANY ($2::bigint[])
        FOR UPDATE SKIP LOCKED))
    RETURNING q.measurement_id
), counted AS MATERIALIZED (
    SELECT count(*) AS released FROM back
)
SELECT released FROM counted
WHERE CASE WHEN released > 0 THEN heimdall.wake_workers() IS NOT NULL ELSE true END;
