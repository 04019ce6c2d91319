-- Purpose: takes up to $2 measurements off the queue for this worker, the most urgent first. Takes none while the
--   extraction is paused or when the worker has been declared dead.
-- Parameters: $1 worker_id, $2 how many at most
-- Returns: one row per measurement, in the order of claim. iq_data_location is NULL where the measurement or its
--   session no longer exists: forget.sql.
WITH picked AS MATERIALIZED (
    SELECT measurement_id
    FROM heimdall.pending_features
    WHERE (SELECT NOT paused FROM heimdall.extraction_control)
      AND (SELECT EXISTS (SELECT FROM heimdall.worker_heartbeats WHERE worker_id = $1::uuid))
    ORDER BY priority, id
    LIMIT $2::integer
    FOR UPDATE SKIP LOCKED
), claimed AS MATERIALIZED (
    UPDATE heimdall.feature_queue
    SET state = 'claimed', attempt = attempt + 1, claim_id = nextval('heimdall.claim_ids'),
        worker_id = $1::uuid, claimed_at = clock_timestamp()
    -- An array, not a join: whatever the planner thinks of the LIMIT, this is a few probes of the primary key.
    WHERE measurement_id = ANY (ARRAY(SELECT measurement_id FROM picked))
    RETURNING measurement_id, id, priority, claim_id, attempt, source, recording_session_id, measured_at
)
SELECT c.measurement_id, c.claim_id, c.attempt, c.source, c.recording_session_id, c.measured_at,
       m.rx_id, m.rx_lat, m.rx_lon, m.frequency_hz, m.iq_data_location, m.iq_data_format, m.iq_sample_rate,
       m.iq_samples_count, m.duration_seconds
FROM claimed c
LEFT JOIN LATERAL (
    SELECT * FROM heimdall.session_measurements sm WHERE sm.measurement_id = c.measurement_id LIMIT 1
) m ON true
ORDER BY c.priority, c.id;
