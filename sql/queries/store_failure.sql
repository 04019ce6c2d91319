-- Purpose: writes why a measurement has no features. If it has features, they stay, and get the failure as their last
--   one: a failure replaces only a failure.
--   With $6 the queue row stays, to look for the object again; without it the row is deleted.
-- Parameters: $1 measurement_id, $2 claim_id, $3 error_kind, $4 error_message, $5 extraction_metadata,
--   $6 delay in ms before the recheck, or NULL, $7 source_fingerprint of the claim
-- Returns: recording_session_id, backfill_id (NULL also when the row stays), queued_s, worked_s as in
--   store_features.sql; no row: the lease was lost and nothing has changed
-- Plan: as store_features.sql. 41 buffers, 0.17 ms at 10 million finished, 35 and 0.12 at 10 thousand; with $6 52 and
--   48.
WITH held AS (
    SELECT measurement_id, recording_session_id, measured_at, attempt, backfill_id, enqueued_at, claimed_at
    FROM heimdall.feature_queue
    WHERE measurement_id = $1::uuid AND claim_id = $2::bigint
    FOR UPDATE
), dropped AS (
    DELETE FROM heimdall.feature_queue
    WHERE measurement_id = (SELECT measurement_id FROM held) AND $6::bigint IS NULL
), kept AS (
    UPDATE heimdall.feature_queue
    SET state = 'waiting', claim_id = NULL, worker_id = NULL, claimed_at = NULL, recheck = true,
        due_at = clock_timestamp() + $6::bigint * interval '1 millisecond'
    WHERE measurement_id = (SELECT measurement_id FROM held) AND $6::bigint IS NOT NULL
), moved AS (
    -- No join here and below, as in store_features.sql.
    DELETE FROM heimdall.extracted_features f
    WHERE f.measurement_id = (SELECT h.measurement_id FROM held h) AND f.timestamp <> (SELECT h.measured_at FROM held h)
      AND f.extraction_failed
), kept_features AS (
    UPDATE heimdall.extracted_features f
    SET failed_fingerprint = $7::bigint, last_error_kind = $3::text, last_error_message = $4::text,
        last_failed_at = clock_timestamp()
    WHERE f.measurement_id = (SELECT h.measurement_id FROM held h) AND NOT f.extraction_failed
), stored AS (
    INSERT INTO heimdall.extracted_features AS f
        (timestamp, measurement_id, recording_session_id, receiver_features, extraction_metadata,
         overall_confidence, num_receivers_detected, extraction_failed, error_kind, error_message, attempts,
         source_fingerprint)
    SELECT measured_at, measurement_id, recording_session_id, '{}', coalesce($5::jsonb, '{}'), 0, 0, true,
           $3::text, $4::text, attempt, $7::bigint
    FROM held h
    WHERE (SELECT true FROM heimdall.extracted_features g
           WHERE g.measurement_id = h.measurement_id AND NOT g.extraction_failed LIMIT 1) IS NULL
    ON CONFLICT (timestamp, measurement_id) DO UPDATE
    SET recording_session_id = excluded.recording_session_id,
        extraction_metadata  = excluded.extraction_metadata,
        error_kind           = excluded.error_kind,
        error_message        = excluded.error_message,
        attempts             = excluded.attempts,
        source_fingerprint   = excluded.source_fingerprint,
        updated_at           = clock_timestamp()
    WHERE f.extraction_failed
)
SELECT recording_session_id, CASE WHEN $6::bigint IS NULL THEN backfill_id END AS backfill_id,
       extract(epoch FROM claimed_at - enqueued_at)::double precision AS queued_s,
       extract(epoch FROM clock_timestamp() - claimed_at)::double precision AS worked_s
FROM held;
