-- Purpose: leaves a measurement waiting until somebody acts, because neither its result nor an error row can be
--   written. feature_backlog counts it; retry_failed() makes it ready again.
-- Parameters: $1 measurement_id, $2 claim_id, $3 the reason
-- Returns: measurement_id; no row: the lease was lost and nothing has changed
UPDATE heimdall.feature_queue
SET state = 'waiting', claim_id = NULL, worker_id = NULL, claimed_at = NULL, due_at = 'infinity', failure = $3::text
WHERE measurement_id = $1::uuid AND claim_id = $2::bigint
RETURNING measurement_id;
