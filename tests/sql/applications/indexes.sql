-- The indexes on the application's tables: partition by partition with CONCURRENTLY, plainly on a hypertable, on expressions.
-- This check commits, since CONCURRENTLY does not run in a transaction.
\ir ../prepare.sql
SET client_min_messages = error;
\ir origin/timescaledb.sql
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
ALTER TABLE heimdall.recording_sessions ADD COLUMN session_start timestamp, ADD COLUMN session_end timestamptz;
DROP TABLE heimdall.measurements;
CREATE TABLE heimdall.measurements (id uuid NOT NULL, websdr_station_id uuid, iq_data_location text, timestamp timestamptz NOT NULL, recording_session_id uuid,
    PRIMARY KEY (timestamp, id)) PARTITION BY RANGE (timestamp);
CREATE TABLE heimdall.measurements_a PARTITION OF heimdall.measurements FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE heimdall.measurements_b PARTITION OF heimdall.measurements FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY HASH (id);
CREATE TABLE heimdall.measurements_b1 PARTITION OF heimdall.measurements_b FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE heimdall.measurements_b2 PARTITION OF heimdall.measurements_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO heimdall.measurements (id, timestamp) SELECT md5(i::text)::uuid, '2026-01-01 00:00Z'::timestamptz + i * interval '1 hour' FROM generate_series(1, 1400) i;
-- One partition has such an index already.
CREATE INDEX own ON heimdall.measurements_b1 (id);
CREATE FUNCTION pg_temp.statements() RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(string_agg(s, E'\n'), 'heimdall_\d+_[0-9a-f]{8}_idx', 'heimdall_N_idx', 'g') FROM heimdall.missing_base_indexes() s WHERE s NOT LIKE 'SELECT%'
$$;
SELECT pg_temp.expect('statements', pg_temp.statements(), concat_ws(E'\n',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_N_idx ON heimdall.measurements_a (id)',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_N_idx ON heimdall.measurements_b2 (id)',
    'CREATE INDEX IF NOT EXISTS heimdall_measurements_id_idx ON heimdall.measurements (id)',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_N_idx ON heimdall.measurements_a (recording_session_id)',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_N_idx ON heimdall.measurements_b1 (recording_session_id)',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_N_idx ON heimdall.measurements_b2 (recording_session_id)',
    'CREATE INDEX IF NOT EXISTS heimdall_measurements_recording_session_id_idx ON heimdall.measurements (recording_session_id)',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_recording_sessions_session_seconds_1de23c23_idx ON heimdall.recording_sessions ((coalesce(CASE WHEN (session_start AT TIME ZONE ''UTC'') BETWEEN ''0001-01-01 00:00Z''::timestamptz AND ''9999-12-31 00:00Z''::timestamptz AND session_end BETWEEN ''0001-01-01 00:00Z''::timestamptz AND ''9999-12-31 00:00Z''::timestamptz THEN extract(epoch FROM session_end - (session_start AT TIME ZONE ''UTC''))::double precision END, duration_seconds)))',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_recording_sessions_started_at_c008fba7_idx ON heimdall.recording_sessions (((session_start AT TIME ZONE ''UTC'')))'));
SELECT pg_advisory_unlock_all();
-- An interrupted build has left an invalid index.
SELECT format('CREATE INDEX %I ON heimdall.measurements_a (id)', split_part(s, ' ', 7)) FROM heimdall.missing_base_indexes() s WHERE s LIKE '%measurements\_a (id)' \gexec
UPDATE pg_index SET indisvalid = false WHERE indrelid = 'heimdall.measurements_a'::regclass AND NOT indisprimary;
SELECT pg_temp.expect('it is dropped first', pg_temp.statements() LIKE E'DROP INDEX CONCURRENTLY heimdall.heimdall_N_idx\nCREATE INDEX CONCURRENTLY IF NOT EXISTS heimdall_N_idx ON heimdall.measurements_a (id)%', true);
SELECT * FROM heimdall.missing_base_indexes() \gexec
SELECT pg_temp.expect('nothing is missing', pg_temp.statements(), NULL);
SELECT pg_temp.expect('its own index serves', (SELECT count(*) FROM pg_inherits WHERE inhrelid = 'heimdall.own'::regclass), 1::bigint);
-- A new partition has them by itself.
CREATE TABLE heimdall.measurements_c PARTITION OF heimdall.measurements FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
SELECT pg_temp.expect('nor for a new partition', pg_temp.statements(), NULL);
-- The views use the expressions.
\ir ../../../sql/views/application_sessions.sql
\ir ../../../sql/views/application_measurements.sql
SET enable_seqscan = off;
SELECT pg_temp.expect('a session by its start', pg_temp.plan('SELECT FROM heimdall.application_sessions WHERE started_at > now()') LIKE '%started_at_c008fba7_idx%', true);
SELECT pg_temp.expect('the longest one', pg_temp.plan('SELECT duration_seconds FROM heimdall.application_sessions WHERE duration_seconds BETWEEN 0 AND 604800 ORDER BY 1 DESC LIMIT 1') LIKE '%session_seconds_1de23c23_idx%', true);

-- A hypertable: plainly. Its refusals are real.
DROP TABLE heimdall.measurements CASCADE;
CREATE TABLE heimdall.measurements (id uuid NOT NULL, websdr_station_id uuid, iq_data_location text, timestamp timestamptz NOT NULL, PRIMARY KEY (timestamp, id));
SELECT public.create_hypertable('heimdall.measurements', 'timestamp');
SELECT pg_temp.expect('plainly', pg_temp.statements(), 'CREATE INDEX IF NOT EXISTS heimdall_measurements_id_idx ON heimdall.measurements (id)');
\set ON_ERROR_STOP off
CREATE INDEX CONCURRENTLY refused ON heimdall.measurements (id);
\set refused_build :SQLSTATE
ALTER TABLE heimdall.measurements DISABLE TRIGGER ALL;
\set refused_trigger :SQLSTATE
\set ON_ERROR_STOP on
SELECT pg_temp.expect('refused', ARRAY[:'refused_build', :'refused_trigger'], ARRAY['0A000', '0A000']);
SELECT * FROM heimdall.missing_base_indexes() \gexec
SELECT pg_temp.expect('nothing is missing', pg_temp.statements(), NULL);
-- TimescaleDB before 2.18.
BEGIN;
SET LOCAL allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) VALUES (999999, 'timescaledb', 10, 'public'::regnamespace, false, '2.9.3');
SELECT pg_temp.expect('too old', (SELECT string_agg(o::text, '') FROM heimdall.find_obstacles() o WHERE level = 'blocks'),
    '(blocks,heimdall.measurements,"it is a hypertable, and TimescaleDB 2.9.3 has no transition tables for its triggers; 2.18 has","install TimescaleDB 2.18 or later, then: ALTER EXTENSION timescaledb UPDATE;")');
UPDATE pg_extension SET extversion = '2.18.0-dev' WHERE extname = 'timescaledb';
SELECT pg_temp.expect('new enough', (SELECT count(*) FROM heimdall.find_obstacles() WHERE level = 'blocks'), 0::bigint);
ROLLBACK;
