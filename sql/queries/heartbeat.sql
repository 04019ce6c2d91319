-- Purpose: one heartbeat, which also returns what a daemon must know that often.
-- Parameters: $1 worker_id, $2 recordings in flight
-- Returns: paused, pause_reason, schema_version, claim_ids (the claims of this worker in the queue); no row: the lease
--   expired and the claims went to other daemons
-- Plan: one row each by primary key, 7 buffers, 0.05 ms.
WITH beat AS (
    UPDATE heimdall.worker_heartbeats
    SET beat_at = clock_timestamp(), in_flight = $2::integer
    WHERE worker_id = $1::uuid
    RETURNING worker_id
)
SELECT c.paused, c.pause_reason, (SELECT max(version) FROM heimdall.schema_migrations) AS schema_version,
       ARRAY(SELECT q.claim_id FROM heimdall.feature_queue q WHERE q.state = 'claimed' AND q.worker_id = $1::uuid)
           AS claim_ids
FROM beat CROSS JOIN heimdall.extraction_control c;
