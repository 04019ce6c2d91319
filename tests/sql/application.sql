-- What our triggers cost the application's statements: one insert, no read of any table. A note from a
-- statement that is rolled back goes with it.
\ir prepare.sql
BEGIN;
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
DROP TABLE heimdall.measurements;
CREATE TABLE heimdall.measurements (
    id uuid NOT NULL, websdr_station_id uuid, frequency_hz bigint, signal_strength_db float8, iq_data_location text,
    created_at timestamptz NOT NULL, recording_session_id uuid, PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
SELECT format('CREATE TABLE heimdall.measurements_%s PARTITION OF heimdall.measurements FOR VALUES FROM (%L) TO (%L)',
              n, timestamptz '2020-01-01 00:00Z' + n * interval '1 day', timestamptz '2020-01-02 00:00Z' + n * interval '1 day')
FROM generate_series(0, 99) n \gexec
SET LOCAL client_min_messages = warning;
\ir ../../sql/views/application_sessions.sql
\ir ../../sql/views/application_measurements.sql
\ir ../../sql/views/iq_measurements.sql
\ir ../../sql/views/session_measurements.sql
\ir ../../sql/views/session_coverage.sql
\ir ../../sql/functions/intake/note_measurement_changes.sql
\ir ../../sql/functions/intake/note_session_changes.sql
\ir ../../sql/triggers/application_tables.sql
SELECT pg_temp.record(20);
SELECT pg_temp.expand();

-- How often this transaction has read our tables and the application's so far.
CREATE FUNCTION pg_temp.reads() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint FROM pg_stat_xact_all_tables WHERE schemaname = 'heimdall'
$$;
DO $$
DECLARE
    reads bigint := pg_temp.reads();
    n bigint;
BEGIN
    INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
    SELECT md5('new' || k)::uuid, 145000000, 'new', timestamptz '2020-01-01 02:00:00.5Z' FROM generate_series(1, 7) k;
    PERFORM pg_temp.expect('reads of an INSERT', pg_temp.reads() - reads, 0::bigint);
    PERFORM pg_temp.expect('its note', (SELECT sum(cardinality(ids)) FROM heimdall.change_notes), 7::bigint);

    reads := pg_temp.reads();
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(2);
    PERFORM pg_temp.expect('reads of a completion: its own one', pg_temp.reads() - reads, 1::bigint);

    reads := pg_temp.reads();
    UPDATE heimdall.recording_sessions SET status = 'completed', duration_seconds = 2 WHERE id = pg_temp.session(3);
    PERFORM pg_temp.expect('reads of a completion with a new window', pg_temp.reads() - reads, 1::bigint);
    PERFORM pg_temp.expect('completion and window', (SELECT array_agg(kind ORDER BY id) FROM heimdall.change_notes), ARRAY['measurement', 'completed', 'session', 'completed']);

    reads := pg_temp.reads();
    DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(4);
    PERFORM pg_temp.expect('reads of a deletion', pg_temp.reads() - reads, 1::bigint);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('what became of it', (SELECT count(*) FROM heimdall.feature_queue), 21::bigint);
END $$;

-- Savepoints, upsert, MERGE, COPY: a note for each statement that stays, none for one that is rolled back.
SAVEPOINT s;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(5);
ROLLBACK TO SAVEPOINT s;
SELECT pg_temp.expect('rolled back', (SELECT count(*) FROM heimdall.change_notes), 0::bigint);
INSERT INTO heimdall.recording_sessions (id, status) VALUES (pg_temp.session(5), 'completed')
ON CONFLICT (id) DO UPDATE SET status = 'completed';
SELECT pg_temp.expect('upsert', (SELECT array_agg(kind) FROM heimdall.change_notes), ARRAY['completed']);
COPY heimdall.measurements (id, iq_data_location, created_at) FROM stdin;
5c6e0c1e-6c4f-4a5e-8a55-000000000001	copied	2020-01-01 05:00:00.5Z
5c6e0c1e-6c4f-4a5e-8a55-000000000002	copied	2020-01-01 05:00:00.6Z
\.
SELECT pg_temp.expect('COPY', (SELECT cardinality(ids) FROM heimdall.change_notes WHERE kind = 'measurement'), 2);
SELECT pg_temp.expand();
SELECT pg_temp.expect('all nine of it', (SELECT count(*) FROM heimdall.feature_queue WHERE recording_session_id = pg_temp.session(5)), 9::bigint);

-- A bulk load writes few notes.
INSERT INTO heimdall.measurements (id, iq_data_location, created_at)
SELECT md5('bulk' || k)::uuid, 'bulk', timestamptz '2020-03-01 00:00Z' FROM generate_series(1, 2001) k;
SELECT pg_temp.expect('five notes', (SELECT array_agg(cardinality(ids) ORDER BY cardinality(ids)) FROM heimdall.change_notes), ARRAY[1, 500, 500, 500, 500]);
ROLLBACK;
