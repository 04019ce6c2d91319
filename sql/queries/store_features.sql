-- Purpose: writes a measurement's features and deletes its queue row. It replaces an existing row, also one under
--   another timestamp (the measurement's created_at has changed since).
-- Parameters: $1 measurement_id, $2 claim_id, $3 receiver_features, or of a long recording the last part,
--   $4 extraction_metadata, $5 overall_confidence, $6 mean_snr_db, $7 num_receivers_detected, $8 number of parts that
--   store_part.sql has stored (0: none), $9 source_fingerprint of the claim
-- Returns: recording_session_id, backfill_id, queued_s (from queued to claimed), worked_s (from claimed to now); no
--   row: the lease was lost and nothing has changed
-- Plan: Delete > Index Scan using feature_queue_pkey. claim_id implies that the row is claimed; with the state as a
--   further condition the planner reads feature_queue_claimed_idx, the rows of all daemons, to find one. Then the
--   measurement's other rows by measurement_features_measurement_idx, and Insert on measurement_features with four
--   indexes. 28 buffers, 0.16 ms at 10 million finished, 21 and 0.11 at 10 thousand (tests/load/explain.sh; PostgreSQL
--   15.18): one more level in each index, no scan of a table.
WITH finished AS (
    DELETE FROM heimdall.feature_queue
    WHERE measurement_id = $1::uuid AND claim_id = $2::bigint
    RETURNING measurement_id, recording_session_id, measured_at, attempt, backfill_id, enqueued_at, claimed_at
), moved AS (
    -- Values of one row instead of a join, which would read the whole table where the last vacuum found it empty.
    DELETE FROM heimdall.extracted_features f
    WHERE f.measurement_id = (SELECT d.measurement_id FROM finished d)
      AND f.timestamp <> (SELECT d.measured_at FROM finished d)
), parts AS (
    DELETE FROM heimdall.feature_parts p
    WHERE $8::integer > 0 AND p.claim_id = $2::bigint
    RETURNING p.part, p.receiver_features
), stored AS (
    INSERT INTO heimdall.extracted_features
        (timestamp, measurement_id, recording_session_id, receiver_features, extraction_metadata,
         overall_confidence, mean_snr_db, num_receivers_detected, attempts, source_fingerprint, rx_id)
    SELECT measured_at, measurement_id, recording_session_id,
           CASE WHEN $8::integer > 0
                THEN (SELECT array_agg(e.segment ORDER BY p.part, e.ordinal)
                      FROM parts p, unnest(p.receiver_features) WITH ORDINALITY AS e (segment, ordinal)) || $3::jsonb[]
                ELSE $3::jsonb[] END,
           $4::jsonb,
           $5::double precision, $6::double precision, $7::integer, attempt, $9::bigint,
           ($3::jsonb[])[1] ->> 'rx_id'
    FROM finished
    ON CONFLICT (timestamp, measurement_id) DO UPDATE
    SET recording_session_id   = excluded.recording_session_id,
        receiver_features      = excluded.receiver_features,
        extraction_metadata    = excluded.extraction_metadata,
        overall_confidence     = excluded.overall_confidence,
        mean_snr_db            = excluded.mean_snr_db,
        num_receivers_detected = excluded.num_receivers_detected,
        extraction_failed      = false,
        error_kind             = NULL,
        error_message          = NULL,
        failed_fingerprint     = NULL,
        last_error_kind        = NULL,
        last_error_message     = NULL,
        last_failed_at         = NULL,
        attempts               = excluded.attempts,
        source_fingerprint     = excluded.source_fingerprint,
        rx_id                  = excluded.rx_id,
        updated_at             = clock_timestamp()
)
SELECT recording_session_id, backfill_id,
       extract(epoch FROM claimed_at - enqueued_at)::double precision AS queued_s,
       extract(epoch FROM clock_timestamp() - claimed_at)::double precision AS worked_s
FROM finished;
