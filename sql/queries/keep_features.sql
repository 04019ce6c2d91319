-- Purpose: deletes the queue row of a measurement whose features are those of the same object still: extract_again() with
--   only_changed.
-- Parameters: $1 measurement_id, $2 claim_id
-- Returns: recording_session_id, backfill_id; no row: the lease was lost and nothing has changed
DELETE FROM heimdall.feature_queue
WHERE measurement_id = $1::uuid AND claim_id = $2::bigint
RETURNING recording_session_id, backfill_id;
