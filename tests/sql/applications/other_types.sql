-- More types: domains over domains, ids and receivers as text and numbers, json, intervals, collations. Each is converted,
-- or refused with what to type. Ids as text are found by an index.
\ir ../prepare.sql
SET client_min_messages = error;
-- Makes the application's tables of this check, and all of ours over them.
CREATE FUNCTION pg_temp.found() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' | ', o.level, o.subject, o.finding, o.hint), E'\n') FROM heimdall.find_obstacles() o
$$;
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
DROP TABLE heimdall.measurements, heimdall.recording_sessions, heimdall.websdr_stations;
CREATE COLLATION heimdall.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN heimdall.some_id AS uuid;
CREATE DOMAIN heimdall.session_id AS heimdall.some_id;
CREATE TABLE heimdall.websdr_stations (id uuid PRIMARY KEY, name text COLLATE "C" NOT NULL, latitude text COLLATE heimdall.any_case, longitude numeric);
CREATE TABLE heimdall.recording_sessions (id heimdall.session_id PRIMARY KEY, status text COLLATE heimdall.any_case, frequency_hz text COLLATE heimdall.any_case,
    duration_seconds interval, created_at timestamptz, known_source_id text COLLATE heimdall.any_case);
CREATE TABLE heimdall.measurements (id char(36) PRIMARY KEY, websdr_station_id varchar(40) COLLATE heimdall.any_case, iq_data_location jsonb, iq_data_format text COLLATE heimdall.any_case,
    iq_sample_rate numeric, created_at timestamptz, recording_session_id text COLLATE heimdall.any_case);
-- Numbers that are none, and a column that is no number at all.
CREATE TABLE heimdall.known_sources (id text COLLATE "C" PRIMARY KEY, latitude text, longitude numeric, altitude_m point, power_dbm interval);
\ir ../../../sql/install.sql
SELECT pg_temp.expect('nothing stands in the way', pg_temp.found(), NULL);
SELECT pg_temp.expect('no index is missing', (SELECT string_agg(key, ', ') FROM heimdall.missing_indexes()), NULL);
SELECT pg_temp.expect('an index on a domain serves', (SELECT count(*) FROM pg_index WHERE indrelid = 'heimdall.recording_sessions'::regclass AND indkey[0] = 1), 1::bigint);

INSERT INTO heimdall.websdr_stations VALUES (md5('station1')::uuid, 'Torino', '45.04', 7.67), (md5('station2')::uuid, 'Cuneo', 'north', 1e-400);
INSERT INTO heimdall.known_sources VALUES ('beacon', '45.5', 1e-400, '(1,2)', '37 s'), ('unknown', 'somewhere', 'NaN', NULL, NULL);
INSERT INTO heimdall.recording_sessions VALUES (pg_temp.session(1), 'recording', '145000000', '1 minute', '2026-01-01 12:00Z', 'beacon'),
    (pg_temp.session(2), 'COMPLETED', 'a lot', '1 minute', '2026-01-02 12:00Z', 'unknown');
INSERT INTO heimdall.measurements VALUES
    (pg_temp.measurement(1, 1)::text, upper(md5('station1')::uuid::text), '"a.bin"', 'NPY', 12500, '2026-01-01 12:00:01Z', NULL),
    (pg_temp.measurement(1, 2)::text, md5('station2')::uuid::text, '"b.bin"', NULL, 1e-400, '2026-01-01 12:00:02Z', NULL),
    (pg_temp.measurement(1, 3)::text, 'station three', '"c.bin"', NULL, 'Infinity', '2026-01-01 12:00:03Z', upper(pg_temp.session(1)::text)),
    (pg_temp.measurement(1, 4)::text, NULL, 'null', NULL, NULL, '2026-01-01 12:00:04Z', NULL);
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(1);
SELECT pg_temp.expand();
SELECT pg_temp.expect('no note failed', (SELECT string_agg(failure, '') FROM heimdall.change_notes), NULL);
SELECT pg_temp.expect('read', (SELECT string_agg(concat_ws(' ', m.rx_id, m.rx_lat, m.rx_lon, m.iq_data_location, m.iq_data_format, m.iq_sample_rate, m.recording_session_id = pg_temp.session(1)), ', ' ORDER BY m.iq_data_location)
    FROM heimdall.session_measurements m), 'Torino 45.04 7.67 a.bin NPY 12500 t, Cuneo 0 b.bin 0 t, c.bin t');
SELECT pg_temp.expect('bad values', (SELECT string_agg(concat_ws(': ', m.iq_data_location, m.bad_value), '; ' ORDER BY m.iq_data_location) FROM heimdall.iq_measurements m),
    'a.bin; b.bin; c.bin: websdr_station_id is ''station three'', iq_sample_rate is ''Infinity''');
SELECT pg_temp.expect('queued', (SELECT count(*) FROM heimdall.feature_queue), 3::bigint);
SELECT pg_temp.expect('status', (SELECT string_agg(concat_ws(' ', s.rx_id, s.state), ', ' ORDER BY s.measured_at) FROM heimdall.measurement_status s), 'Torino ready, Cuneo ready, ready, no object');
SELECT pg_temp.expect('transmitters', (SELECT string_agg(concat_ws(' ', t.frequency_hz, t.tx_known, t.tx_latitude, t.tx_longitude, t.tx_altitude_m, t.tx_power_dbm), ', ' ORDER BY t.frequency_hz)
    FROM heimdall.session_transmitters t), '145000000 t 45.5 0 37, f');
SELECT pg_temp.expect('a backfill of a receiver', (SELECT measurements_queued FROM heimdall.request_backfill(station => 'Torino')), 0::bigint);
SELECT pg_temp.expect('samples and missing receivers', (SELECT heimdall.missing_receivers(pg_temp.session(1), '{Genova}')), '{Cuneo,Torino}'::text[]);
SELECT pg_temp.expect('the sweep', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(0,0)');
SELECT pg_temp.expect('counted', (SELECT (total_recordings, total_measurements, measurements_pending)::text FROM heimdall.feature_coverage), '(2,3,3)');

-- An id as text is looked up in the index, not in the whole table.
INSERT INTO heimdall.measurements (id, created_at) SELECT gen_random_uuid()::text, now() FROM generate_series(1, 5000);
ANALYZE heimdall.measurements;
SELECT pg_temp.expect('by id', pg_temp.plan($$SELECT FROM heimdall.iq_measurements WHERE measurement_id = '0fcabfa8-af57-6ebe-76de-84b71f9b15ff'$$) LIKE '%heimdall_measurements_measurement_id_%_idx%', true);

-- Refused, each with what to type.
BEGIN;
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
ALTER TABLE heimdall.measurements ALTER COLUMN created_at TYPE bigint USING 1, ALTER COLUMN iq_data_format TYPE bytea USING NULL, ALTER COLUMN websdr_station_id TYPE integer USING 1,
    ALTER COLUMN iq_sample_rate TYPE integer[] USING NULL, ALTER COLUMN iq_data_location TYPE text[] USING NULL;
SELECT pg_temp.expect('refused', pg_temp.found(), concat_ws(E'\n',
    'blocks | heimdall.measurements | measurements.websdr_station_id has the type int4, which does not convert to uuid | ALTER TABLE heimdall.measurements ALTER COLUMN websdr_station_id TYPE uuid USING lpad(to_hex(websdr_station_id), 32, ''0'')::uuid;',
    'blocks | heimdall.measurements | measurements.created_at has the type int8, which does not convert to timestamptz | ALTER TABLE heimdall.measurements ALTER COLUMN created_at TYPE timestamptz USING to_timestamp(created_at);',
    'blocks | heimdall.measurements | measurements.iq_data_location has the type _text, which does not convert to text | ALTER TABLE heimdall.measurements ALTER COLUMN iq_data_location TYPE text USING …;',
    'blocks | heimdall.measurements | measurements.iq_data_format has the type bytea, which does not convert to text | ALTER TABLE heimdall.measurements ALTER COLUMN iq_data_format TYPE text USING convert_from(iq_data_format, ''UTF8'');',
    'blocks | heimdall.measurements | measurements.iq_sample_rate has the type _int4, which does not convert to double precision | ALTER TABLE heimdall.measurements ALTER COLUMN iq_sample_rate TYPE double precision USING …;'));
ROLLBACK;

-- Receivers as numbers, named by a text.
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
TRUNCATE heimdall.websdr_stations, heimdall.measurements, heimdall.feature_queue;
ALTER TABLE heimdall.websdr_stations ALTER COLUMN id TYPE integer USING 1;
\ir ../../../sql/install.sql
INSERT INTO heimdall.websdr_stations VALUES (7, 'Torino', '45.04', 7.67);
INSERT INTO heimdall.measurements (id, websdr_station_id, iq_data_location, created_at) VALUES (pg_temp.measurement(2, 1)::text, '7', '"a.bin"', '2026-01-02 12:00:01Z'),
    (pg_temp.measurement(2, 2)::text, 'seven', '"b.bin"', '2026-01-02 12:00:02Z');
SELECT pg_temp.expect('a number as text', (SELECT string_agg(concat_ws(' ', m.rx_id, m.bad_value), ', ' ORDER BY m.created_at) FROM heimdall.iq_measurements m), 'Torino, websdr_station_id is ''seven''');

-- The column of a view of ours has another type than before: the migration makes the views again, unless somebody uses one.
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
ALTER TABLE heimdall.websdr_stations ALTER COLUMN id TYPE text;
\ir ../../../sql/install.sql
ALTER TABLE heimdall.websdr_stations RENAME TO stations_before;
GRANT SELECT ON heimdall.measurement_status, heimdall.session_features TO pg_monitor WITH GRANT OPTION;
CREATE TABLE heimdall.websdr_stations (id bigint PRIMARY KEY, name text, latitude float8, longitude float8);
\ir ../../../sql/install.sql
SELECT pg_temp.expect('made again', (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'heimdall.session_measurements'::regclass AND attname = 'websdr_station_id'), 'bigint');
SELECT pg_temp.expect('with the rights of others', has_table_privilege('pg_monitor', 'heimdall.measurement_status', 'SELECT WITH GRANT OPTION'), true);
SELECT pg_temp.expect('with everything', (SELECT count(*) FROM heimdall.status_of(session => pg_temp.session(2))), 2::bigint);
CREATE VIEW public.of_somebody AS SELECT * FROM heimdall.measurement_status;
ALTER TABLE heimdall.websdr_stations RENAME TO stations_again;
ALTER TABLE heimdall.stations_before RENAME TO websdr_stations;
\set q `cat sql/views/application_measurements.sql`
SELECT pg_temp.expect_error('somebody uses one', :'q', '2BP01');
SELECT pg_temp.expect('it is still there', (SELECT count(*) > 0 FROM pg_class WHERE oid = to_regclass('public.of_somebody')), true);
-- A table of the application is gone.
DROP VIEW public.of_somebody;
DROP TABLE heimdall.websdr_stations, heimdall.stations_again CASCADE;
SELECT pg_temp.expect('it is gone', pg_temp.found(), 'blocks | heimdall.websdr_stations | the application''s table does not exist any more | let the application make it, or for one of ours: DELETE FROM heimdall.schema_migrations WHERE version = 1;  then: heimdalld migrate');
DELETE FROM heimdall.schema_migrations WHERE version = 1;
\ir ../../../sql/install.sql
SELECT pg_temp.expect('one of ours', pg_temp.found(), NULL);
