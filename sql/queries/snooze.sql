-- Purpose: defers a measurement as if it had not been claimed, because the store is suspected and not the object.
-- Parameters: $1 measurement_id, $2 claim_id, $3 delay in ms
-- Returns: measurement_id; no row: the lease was lost and nothing has changed
UPDATE heimdall.feature_queue
SET state = 'waiting', attempt = attempt - 1, claim_id = NULL, worker_id = NULL, claimed_at = NULL,
    recheck = recheck AND attempt > 1,
    due_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
WHERE measurement_id = $1::uuid AND claim_id = $2::bigint
RETURNING measurement_id;
