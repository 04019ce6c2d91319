-- Generates :measurements finished measurements of seven receivers, one session per minute, matched by time. Then
-- :queued outstanding ones: half of them wait for an hour, a quarter is backfill, a quarter is sweep. Then 100 sessions
-- that are still recording, for the triggers. With :analysed = 0 the planner learns nothing of it.
SET session_replication_role = replica;  -- no triggers
SET synchronous_commit = off;
\if :analysed
\else
-- As after a bulk load, before autovacuum comes.
ALTER TABLE heimdall.measurements SET (autovacuum_enabled = off);
ALTER TABLE heimdall.recording_sessions SET (autovacuum_enabled = off);
ALTER TABLE heimdall.measurement_features SET (autovacuum_enabled = off);
ALTER TABLE heimdall.feature_queue SET (autovacuum_enabled = off);
\endif

-- The indexes are dropped and built again at the end.
CREATE TEMP TABLE later AS
SELECT i.indexrelid::regclass::text AS index_name, pg_get_indexdef(i.indexrelid) AS definition,
       c.conname, c.conrelid::regclass::text AS table_name, pg_get_constraintdef(c.oid) AS constraint_definition
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'p'
WHERE i.indrelid IN ('heimdall.measurements'::regclass, 'heimdall.measurement_features'::regclass, 'heimdall.feature_queue'::regclass);
SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %s', index_name)
            ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', table_name, conname) END FROM later \gexec

INSERT INTO heimdall.websdr_stations (id, name, latitude, longitude)
SELECT md5('station' || i)::uuid, 'Station ' || i, 44 + i, 7 + i FROM generate_series(1, 7) i;

-- Finished sessions have the numbers from 1, then come the outstanding ones, then the 100 that are still recording.
SELECT :measurements / 7 AS finished, :queued / 7 AS outstanding \gset
INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
SELECT md5('session' || i)::uuid, CASE WHEN i <= :finished + :outstanding THEN 'completed' ELSE 'recording' END,
       145000000, 1, timestamptz '2000-01-01 00:00Z' + i * interval '1 minute'
FROM generate_series(1, :finished + :outstanding + 100) i;

INSERT INTO heimdall.measurements (id, websdr_station_id, frequency_hz, iq_data_location, created_at)
SELECT md5('measurement' || i || '/' || k)::uuid, md5('station' || k)::uuid, 145000000, '2026/11/22/' || k || '/145000000/' || i || '.bin',
       timestamptz '2000-01-01 00:00Z' + i * interval '1 minute' + k * interval '10 ms'
FROM generate_series(1, :finished + :outstanding + 100) i, generate_series(1, 7) k;

INSERT INTO heimdall.measurement_features
    (timestamp, measurement_id, recording_session_id, receiver_features, overall_confidence, mean_snr_db, num_receivers_detected)
SELECT timestamptz '2000-01-01 00:00Z' + i * interval '1 minute' + k * interval '10 ms', md5('measurement' || i || '/' || k)::uuid,
       md5('session' || i)::uuid, ARRAY['{"segment_index": 0}'::jsonb], 0.9, 20, 1
FROM generate_series(1, :finished) i, generate_series(1, 7) k;

INSERT INTO heimdall.backfills (backfill_id, recordings_found, total) VALUES (md5('backfill')::uuid, :outstanding, :outstanding);
INSERT INTO heimdall.feature_queue
    (measurement_id, recording_session_id, measured_at, state, due_at, attempt, source, priority, backfill_id)
SELECT md5('measurement' || i || '/' || k)::uuid, md5('session' || i)::uuid,
       timestamptz '2000-01-01 00:00Z' + i * interval '1 minute' + k * interval '10 ms',
       CASE WHEN i % 2 = 0 THEN 'waiting' ELSE 'ready' END,
       CASE WHEN i % 2 = 0 THEN clock_timestamp() + interval '1 hour' + i * interval '1 ms' END,
       CASE WHEN i % 2 = 0 THEN 1 ELSE 0 END,
       CASE WHEN i % 4 = 1 THEN 'backfill' ELSE 'sweep' END,
       CASE WHEN i % 4 = 1 THEN 2 ELSE 1 END,
       CASE WHEN i % 4 = 1 THEN md5('backfill')::uuid END
FROM generate_series(:finished + 1, :finished + :outstanding) i, generate_series(1, 7) k;

SELECT CASE WHEN conname IS NULL THEN definition
            ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', table_name, conname, constraint_definition) END
FROM later ORDER BY conname IS NULL \gexec
\if :analysed
VACUUM (ANALYZE) heimdall.measurements, heimdall.recording_sessions, heimdall.measurement_features, heimdall.feature_queue;
\endif
CHECKPOINT;
