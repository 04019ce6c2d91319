-- The claim, called by queries/claim.sql. It is a function so that its plan is the same everywhere: generic, with index
-- lookups only. The session of a measurement was decided when it was queued; the claim only reads both rows, if they
-- still exist. While another session holds an old snapshot (a dump, a report, an idle transaction), vacuum cannot
-- remove dead rows, and a claim from the start would read the index entries of everything claimed since. So the daemon
-- passes the ids above which the claim starts, one per priority: daemon/src/worker/cursor.rs.
--
-- Measured by tests/load/explain.sh: PostgreSQL 15.18, 2 busy cores, generic plans, 300 thousand measurements finished,
-- in brackets 10 thousand.
-- A claim of 16: 397 (368) buffers, 1.8 (1.4) ms:
--   Limit > LockRows > Index Scan using feature_queue_ready_idx: reads 16 rows however many are ready
--   Nested Loop over measurements_pkey or the index on created_at, websdr_stations_pkey, recording_sessions_pkey
--   Update > Index Scan using feature_queue_pkey (= ANY of an array)
-- Slower alternatives, at 10 million:
--   state = $1 instead of the literal: Seq Scan and Sort of all ready rows, 34,550 buffers, 891 ms
--   UPDATE ... FROM picked instead of the array: Hash Join with the whole queue, 34,723 buffers, 1,371 ms
--   the measurement through session_measurements: 610 buffers; outside a function also 120 ms of JIT per claim
CREATE OR REPLACE FUNCTION heimdall.claim_measurements(
    claimant uuid, max_measurements integer, floors bigint[] DEFAULT NULL
)
RETURNS TABLE (measurement_id uuid, claim_id bigint, attempt integer, source text, recording_session_id uuid,
               measured_at timestamptz, rx_id text, rx_lat double precision, rx_lon double precision,
               frequency_hz bigint, iq_data_location text, iq_data_format text, iq_sample_rate double precision,
               iq_samples_count bigint, duration_seconds double precision, recheck boolean, priority smallint,
               id bigint, source_fingerprint bigint, is_hidden boolean, bad_value text, known_etag text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Less than deadlock_timeout, so that a deadlock with LOCK TABLE in the application ends this statement and not that one.
SET lock_timeout = '900ms'
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    picked   uuid[];
    sees_all CONSTANT boolean := NOT row_security_active('heimdall.measurements')
                             AND NOT row_security_active('heimdall.recording_sessions');
BEGIN
    SELECT array_agg(k.measurement_id) INTO picked
    FROM (
        SELECT p.measurement_id
        FROM (VALUES (0::smallint), (1::smallint), (2::smallint)) AS lane (priority)
        CROSS JOIN LATERAL (
            SELECT v.measurement_id
            FROM heimdall.pending_features v
            WHERE v.priority = lane.priority AND v.id > coalesce(floors[lane.priority + 1], 0)
            ORDER BY v.id
            LIMIT max_measurements
            FOR UPDATE SKIP LOCKED
        ) p
        WHERE (SELECT NOT c.paused FROM heimdall.extraction_control c)
          AND (SELECT EXISTS (SELECT FROM heimdall.worker_heartbeats w
                              WHERE w.worker_id = claimant
                                AND w.schema_version >= (SELECT coalesce(max(m.serves_from), 0)
                                                         FROM heimdall.schema_migrations m)))
        -- The nested loop visits one priority after the other, so it reads and locks only the rows that it takes.
        LIMIT max_measurements
    ) k;
    IF picked IS NULL THEN
        RETURN;
    END IF;

    -- A statement of its own: it sees what was committed before the rows were locked. What it reads of the application
    -- is what the extraction reads, and the row gets its fingerprint (0: nothing was there), so that a later change is
    -- seen as one.
    RETURN QUERY
    WITH source AS MATERIALIZED (
        SELECT k.id AS queued_id, m.*,
               CASE WHEN m.measurement_id IS NULL THEN 0
                    ELSE heimdall.source_fingerprint(m.iq_data_location, m.websdr_station_id::text, m.iq_data_format,
                                                     m.iq_sample_rate) END AS fingerprint
        FROM unnest(picked) AS k (id)
        JOIN heimdall.feature_queue q ON q.measurement_id = k.id
        LEFT JOIN LATERAL (
            -- First in the partition of its time, where the table is partitioned by time. The second look is for a
            -- measurement without a time, with a bad one, or whose time has just changed.
            (SELECT iq.*, s.frequency_hz AS session_frequency_hz
             FROM heimdall.iq_measurements iq
             JOIN heimdall.application_sessions s ON s.session_id = q.recording_session_id
             WHERE iq.measurement_id = k.id AND iq.created_at = q.measured_at
             LIMIT 1)
          UNION ALL
            (SELECT iq.*, s.frequency_hz
             FROM heimdall.iq_measurements iq
             JOIN heimdall.application_sessions s ON s.session_id = q.recording_session_id
             WHERE iq.measurement_id = k.id
             LIMIT 1)
            LIMIT 1
        ) m ON true
    ), claimed AS MATERIALIZED (
        UPDATE heimdall.feature_queue q
        SET state = 'claimed', failure = NULL, attempt = q.attempt + 1, claim_id = uuid_hash_extended(gen_random_uuid(), 0),
            worker_id = claimant, claimed_at = clock_timestamp(),
            source_fingerprint = (SELECT s.fingerprint FROM source s WHERE s.queued_id = q.measurement_id)
        -- An array instead of a join: this stays a few primary key lookups, whatever the planner estimates.
        WHERE q.measurement_id = ANY (picked)
        RETURNING q.measurement_id, q.id, q.priority, q.claim_id, q.attempt, q.source, q.recording_session_id,
                  q.measured_at, q.recheck, q.source_fingerprint, q.only_changed
    )
    SELECT c.measurement_id, c.claim_id, c.attempt, c.source, c.recording_session_id, c.measured_at,
           m.rx_id, m.rx_lat, m.rx_lon, coalesce(m.frequency_hz, m.session_frequency_hz),
           m.iq_data_location, m.iq_data_format, m.iq_sample_rate, m.iq_samples_count, m.duration_seconds, c.recheck,
           c.priority, c.id, c.source_fingerprint, m.measurement_id IS NULL AND NOT sees_all, m.bad_value,
           -- The features are right if the object is the same, and all else that they were made of.
           CASE WHEN c.only_changed THEN
               (SELECT f.extraction_metadata ->> 'object_etag' FROM heimdall.extracted_features f
                WHERE f.measurement_id = c.measurement_id AND NOT f.extraction_failed
                  AND f.recording_session_id = c.recording_session_id AND f.source_fingerprint = c.source_fingerprint
                LIMIT 1)
           END
    FROM claimed c
    JOIN source m ON m.queued_id = c.measurement_id
    ORDER BY c.priority, c.id;
END
$$;
COMMENT ON FUNCTION heimdall.claim_measurements(uuid, integer, bigint[]) IS
    'Claims up to max_measurements ready measurements for a worker, the most urgent first. Claims none while the '
    'extraction is paused, after the worker''s lease expired, or when the worker is too old for the schema. floors: '
    'for each priority from 0 on, claim only ids above this one. Called by heimdalld.';
