-- Purpose: makes rows ready again that this worker has claimed without receiving the answer, as if they had not been
--   claimed. Do not run it while a claim of the same worker is in flight.
-- Parameters: $1 worker_id, $2 claim_ids that the worker holds
-- Returns: measurement_id of each released row. A row that somebody else has locked stays claimed; the next call
--   releases it.
-- Plan: Index Scan using feature_queue_claimed_idx, only the rows of this worker.
UPDATE heimdall.feature_queue q
SET state = 'ready', attempt = q.attempt - 1, claim_id = NULL, worker_id = NULL, claimed_at = NULL,
    recheck = q.recheck AND q.attempt > 1
WHERE q.measurement_id = ANY (ARRAY(
    SELECT c.measurement_id FROM heimdall.feature_queue c
    WHERE c.state = 'claimed' AND c.worker_id = $1::uuid AND c.claim_id <> ALL ($2::bigint[])
    FOR UPDATE SKIP LOCKED))
RETURNING q.measurement_id;
