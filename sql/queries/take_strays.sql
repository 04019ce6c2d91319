-- Purpose: makes ready again what stands as claimed by this worker without its knowledge: the answer to a claim was lost
--   on the way. As if it had not been claimed. Not while a claim of the same worker is under way.
-- Parameters: $1 worker_id, $2 claim_ids that it knows of
-- Returns: measurement_id of each
-- Plan: Index Scan using feature_queue_claimed_idx, this worker's rows alone.
UPDATE heimdall.feature_queue q
SET state = 'ready', attempt = q.attempt - 1, claim_id = NULL, worker_id = NULL, claimed_at = NULL,
    recheck = q.recheck AND q.attempt > 1
WHERE q.state = 'claimed' AND q.worker_id = $1::uuid AND q.claim_id <> ALL ($2::bigint[])
RETURNING q.measurement_id;
