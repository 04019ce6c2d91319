-- What find_obstacles() and examine_rights.sql say about databases in which something stands in the way.
\ir ../prepare.sql
\set q `cat sql/queries/examine_rights.sql`
PREPARE examine_rights AS :q
-- The findings, one a line: level, subject, what to type.
CREATE FUNCTION pg_temp.found() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' | ', o.level, o.subject, o.finding, o.hint), E'\n') FROM heimdall.find_obstacles() o
$$;
CREATE FUNCTION pg_temp.rights(role text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    one record; lines text[];
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    FOR one IN EXECUTE 'EXECUTE examine_rights' LOOP
        lines := lines || concat_ws(' | ', one.level, one.subject, one.finding, one.hint);
    END LOOP;
    RESET ROLE;
    RETURN array_to_string(lines, E'\n');
END
$$;
BEGIN;
SET LOCAL client_min_messages = error;
DO $$ BEGIN PERFORM pg_temp.expect('nothing', pg_temp.found(), NULL); PERFORM pg_temp.expect('no right', pg_temp.rights('postgres'), NULL); END $$;

-- The results: keys, CHECKs and columns that refuse rows.
SAVEPOINT s;
ALTER TABLE heimdall.measurement_features
    ADD CONSTRAINT one_a_session UNIQUE (recording_session_id),
    ADD CONSTRAINT seven CHECK (num_receivers_detected BETWEEN 1 AND 7),
    ADD CONSTRAINT harmless CHECK (overall_confidence < 2),
    ADD COLUMN dataset_id uuid NOT NULL,
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
CREATE UNIQUE INDEX one_kind ON heimdall.measurement_features (error_kind);
SELECT pg_temp.expect('refused rows', pg_temp.found(), concat_ws(E'\n',
    'wrong | results | the unique key heimdall.one_a_session (recording_session_id) of heimdall.measurement_features refuses all but one of our rows | SELECT heimdall.move_results();  then: heimdalld migrate  (the table is the application''s; ours will be another one)',
    'wrong | results | the unique key heimdall.one_kind (error_kind) of heimdall.measurement_features refuses all but one of our rows | SELECT heimdall.move_results();  then: heimdalld migrate  (the table is the application''s; ours will be another one)',
    'wrong | results | the column dataset_id of heimdall.measurement_features must not be NULL, and our rows do not have it | ALTER TABLE heimdall.measurement_features ALTER COLUMN dataset_id DROP NOT NULL;',
    'wrong | results | the CHECK seven of heimdall.measurement_features refuses rows of ours: ((num_receivers_detected >= 1) AND (num_receivers_detected <= 7)) | ALTER TABLE heimdall.measurement_features DROP CONSTRAINT seven;'));
ALTER TABLE heimdall.measurement_features DROP CONSTRAINT one_a_session;
SELECT pg_temp.expect('a key of somebody on our table', (SELECT string_agg(hint, '') FROM heimdall.find_obstacles() WHERE finding LIKE '%unique key%'), 'DROP INDEX heimdall.one_kind;');
ROLLBACK TO s;

-- Types and columns of the application.
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
SAVEPOINT s;
ALTER TABLE heimdall.recording_sessions ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE bigint USING 1;
ALTER TABLE heimdall.measurements DROP COLUMN iq_data_location, ALTER COLUMN frequency_hz TYPE boolean USING true;
SELECT pg_temp.expect('types', pg_temp.found(), concat_ws(E'\n',
    'blocks | heimdall.measurements | measurements.frequency_hz has the type bool, which does not convert to bigint | ALTER TABLE heimdall.measurements ALTER COLUMN frequency_hz TYPE bigint USING …;',
    'blocks | heimdall.measurements | the table measurements has no column iq_data_location | ALTER TABLE heimdall.measurements ADD COLUMN iq_data_location text;  or give the column this name.',
    'blocks | heimdall.recording_sessions | recording_sessions.id has the type int8, which does not convert to uuid | ALTER TABLE heimdall.recording_sessions ALTER COLUMN id TYPE uuid USING lpad(to_hex(id), 32, ''0'')::uuid;'));
ROLLBACK TO s;

-- A view or a foreign table where a table must be.
ALTER TABLE heimdall.measurements RENAME TO of_the_application;
CREATE VIEW heimdall.measurements AS SELECT * FROM heimdall.of_the_application;
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
ALTER TABLE heimdall.recording_sessions RENAME TO other;
CREATE FOREIGN TABLE heimdall.recording_sessions (id uuid, status text) SERVER elsewhere;
SELECT pg_temp.expect('no tables', pg_temp.found(), concat_ws(E'\n',
    'blocks | heimdall.measurements | it is a view, and PostgreSQL has no trigger there that can note changes | give the table itself this name: ALTER TABLE … SET SCHEMA heimdall; ALTER TABLE … RENAME TO measurements;  where it was, a view can take its place',
    'blocks | heimdall.recording_sessions | it is a foreign table, and PostgreSQL has no trigger there that can note changes | give the table itself this name: ALTER TABLE … SET SCHEMA heimdall; ALTER TABLE … RENAME TO recording_sessions;  where it was, a view can take its place'));
ROLLBACK TO s;

-- A status that is an enum without 'completed', and the setting.
CREATE TYPE heimdall.state AS ENUM ('recording', 'partial_failure', 'done');
ALTER TABLE heimdall.recording_sessions ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE heimdall.state USING 'recording';
SELECT pg_temp.expect('no status counts', pg_temp.found(),
    'wrong | statuses | recording_sessions.status is one of recording, partial_failure, done: none counts as completed, so nothing is extracted | SELECT heimdall.set_completed_statuses(''done'');  or the one that a finished session has');
\ir ../../../sql/views/application_sessions.sql
\ir ../../../sql/views/application_measurements.sql
\ir ../../../sql/views/iq_measurements.sql
\ir ../../../sql/views/session_measurements.sql
\ir ../../../sql/views/session_coverage.sql
\ir ../../../sql/functions/intake/note_session_changes.sql
SELECT pg_temp.expect('set', heimdall.set_completed_statuses('done', 'partial_failure'), ARRAY['done', 'partial_failure']);
SELECT pg_temp.expect('nothing is wrong now', pg_temp.found(), NULL);
INSERT INTO heimdall.recording_sessions (id, status, created_at, duration_seconds)
SELECT md5('session' || i)::uuid, 'recording', timestamptz '2020-01-01 00:00Z' + i * interval '1 hour', 1 FROM generate_series(1, 3) i;
INSERT INTO heimdall.measurements (id, iq_data_location, created_at)
SELECT md5(i || '/1')::uuid, i || '.bin', timestamptz '2020-01-01 00:00Z' + i * interval '1 hour' FROM generate_series(1, 3) i;
UPDATE heimdall.recording_sessions SET status = CASE WHEN id = pg_temp.session(1) THEN 'partial_failure' ELSE 'done' END::heimdall.state WHERE id <> pg_temp.session(3);
SELECT pg_temp.expand();
SELECT pg_temp.expect('both count', (SELECT count(*) FROM heimdall.feature_queue), 2::bigint);
SELECT pg_temp.expect('in the counts too', (SELECT total_measurements FROM heimdall.feature_coverage), 2::bigint);
UPDATE heimdall.recording_sessions SET status = 'done' WHERE id = pg_temp.session(1);
SELECT pg_temp.expect('no second completion', (SELECT count(*) FROM heimdall.change_notes), 0::bigint);
SELECT heimdall.set_completed_statuses('done');
UPDATE heimdall.recording_sessions SET status = 'partial_failure';
SELECT pg_temp.expand();
SELECT pg_temp.expect('it does not count any more', (SELECT total_measurements FROM heimdall.feature_coverage), 0::bigint);
SELECT pg_temp.expect_error('none', $$SELECT heimdall.set_completed_statuses(VARIADIC '{}')$$, '22023');
SELECT pg_temp.expect_error('NULL', $$SELECT heimdall.set_completed_statuses('done', NULL)$$, '22023');
SELECT pg_temp.expect('quoted', heimdall.set_completed_statuses('it''s \ "done"', ','), ARRAY['it''s \ "done"', ',']);
SELECT pg_temp.expect('and read', heimdall.completed_statuses(), ARRAY['it''s \ "done"', ',']);
-- A migration keeps the setting.
\ir ../../../sql/functions/application/completed_statuses.sql
SELECT pg_temp.expect('kept', heimdall.is_completed('it''s \ "done"'), true);

-- A definition of session_measurements that is not ours.
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = error;
CREATE TABLE heimdall.captures (measurement uuid, session uuid);
CREATE VIEW pg_temp.definition AS SELECT pg_get_viewdef('heimdall.session_measurements') AS text;
CREATE OR REPLACE VIEW heimdall.session_measurements AS
SELECT s.session_id AS recording_session_id, s.status AS session_status, s.started_at AS session_created_at,
       s.frequency_hz AS session_frequency_hz, s.duration_seconds AS session_duration_seconds,
       m.measurement_id, m.websdr_station_id, m.rx_id, m.rx_lat, m.rx_lon, coalesce(m.frequency_hz, s.frequency_hz) AS frequency_hz,
       coalesce(m.created_at, s.started_at) AS measured_at, m.iq_data_location, m.iq_data_format, m.iq_sample_rate,
       m.iq_samples_count, m.duration_seconds, m.created_at
FROM heimdall.iq_measurements m
JOIN heimdall.captures c ON c.measurement = m.measurement_id
JOIN heimdall.application_sessions s ON s.session_id = c.session;
SELECT pg_temp.expect('known', pg_temp.found() LIKE 'warning | session_measurements | redefined here; migrations keep the definition | DROP VIEW%', true);
\ir ../../../sql/views/session_measurements.sql
SELECT pg_temp.expect('kept', (SELECT text LIKE '%captures%' FROM pg_temp.definition), true);
DROP VIEW pg_temp.definition;
DROP VIEW heimdall.session_measurements CASCADE;
CREATE VIEW heimdall.session_measurements AS SELECT session AS recording_session_id, ''::text AS session_status FROM heimdall.captures;
SELECT pg_temp.expect('checked', (SELECT (level, subject)::text || (finding LIKE '%it does not fit: session_created_at must be timestamp with time zone, number 3; %')
                                  FROM heimdall.find_obstacles()), '(blocks,session_measurements)true');
\set q `cat sql/views/session_measurements.sql`
SELECT pg_temp.expect_error('a migration fails', :'q', 'P0001');
SELECT pg_temp.expect('not replaced', (SELECT count(*) FROM pg_attribute WHERE attrelid = 'heimdall.session_measurements'::regclass AND attnum > 0), 2::bigint);
DROP VIEW heimdall.session_measurements;
\ir ../../../sql/views/session_measurements.sql
SELECT pg_temp.expect('ours again', heimdall.redefined_view(), NULL);
ROLLBACK;

-- Rights.
BEGIN;
SET LOCAL client_min_messages = error;
CREATE ROLE heimdall_test_owner NOLOGIN;
CREATE ROLE heimdall_test_member NOLOGIN IN ROLE heimdall_test_owner;
CREATE ROLE heimdall_test_stranger NOLOGIN;
ALTER TABLE heimdall.recording_sessions OWNER TO heimdall_test_owner;
ALTER TABLE heimdall.measurements OWNER TO heimdall_test_owner;
ALTER TABLE heimdall.websdr_stations OWNER TO heimdall_test_owner;
GRANT USAGE, CREATE ON SCHEMA heimdall TO heimdall_test_owner;
SELECT pg_temp.expect('superuser first, the owner later', pg_temp.rights('heimdall_test_owner'),
    'blocks | rights | 9 objects of ours belong to postgres, for instance heimdall.change_notes | as postgres: heimdalld migrate  (it hands them to the owner of the application''s tables)');
\ir ../../../sql/ownership.sql
SELECT pg_temp.expect('handed over', pg_temp.rights('heimdall_test_owner'), NULL);
SELECT pg_temp.expect('nor does a member lack anything', pg_temp.rights('heimdall_test_member'), NULL);
SELECT pg_temp.expect('a stranger', pg_temp.rights('heimdall_test_stranger') LIKE
    'blocks | rights | heimdall_test_stranger may create nothing in the schema heimdall of postgres | GRANT USAGE, CREATE ON SCHEMA heimdall TO heimdall_test_stranger;%'
    'heimdall.measurements belongs to heimdall_test_owner; its triggers and indexes need its owner | connect as heimdall_test_owner or a superuser, or: GRANT heimdall_test_owner TO heimdall_test_stranger;%'
    'heimdall_test_stranger may not read heimdall.measurements | GRANT SELECT ON heimdall.measurements TO heimdall_test_stranger;%', true);
ALTER ROLE heimdall_reader RENAME TO heimdall_test_reader;
SELECT pg_temp.expect('roles', pg_temp.rights('heimdall_test_owner'),
    'wrong | roles | heimdall_reader do not exist, and heimdall_test_owner may not create roles | CREATE ROLE heimdall_reader NOLOGIN;  then: heimdalld migrate');
ALTER ROLE heimdall_test_reader RENAME TO heimdall_reader;
-- What a member installs belongs to the owner, too.
SET LOCAL ROLE heimdall_test_member;
DROP VIEW heimdall.feature_failures;
\ir ../../../sql/views/feature_failures.sql
\ir ../../../sql/ownership.sql
RESET ROLE;
SELECT pg_temp.expect('of the owner', (SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'heimdall.feature_failures'::regclass), 'heimdall_test_owner');
ROLLBACK;
