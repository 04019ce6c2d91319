-- The application's tables after the installation: renamed and made anew, with new columns, with tables that inherit from
-- them. Tables of ours that were emptied, and a foreign key to our results.
\ir ../prepare.sql
SET client_min_messages = error;
CREATE FUNCTION pg_temp.found() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' | ', o.level, o.subject, o.finding, o.hint), E'\n') FROM heimdall.find_obstacles() o
$$;
CREATE FUNCTION pg_temp.triggers(of regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = of AND t.tgname IN ('heimdall_measurement_inserted', 'heimdall_measurement_updated', 'heimdall_measurement_deleted')
$$;

-- A column that came later.
BEGIN;
ALTER TABLE heimdall.recording_sessions ADD COLUMN session_start timestamptz;
SELECT pg_temp.expect('a new column', (SELECT string_agg(o::text, '') FROM heimdall.find_obstacles() o WHERE subject <> 'results'),
    '(warning,heimdall.recording_sessions,"our views do not read session_start, which came or changed after the last migration","heimdalld migrate")');
\ir ../../../sql/views/application_sessions.sql
SELECT pg_temp.expect('read now', (SELECT string_agg(o::text, '') FROM heimdall.find_obstacles() o WHERE subject <> 'results'), NULL);
ROLLBACK;

-- Rows that must exist.
BEGIN;
TRUNCATE heimdall.extraction_control, heimdall.sweep_state, heimdall.queue_depth, heimdall.coverage_totals;
DELETE FROM heimdall.session_locks WHERE key > 5;
SELECT pg_temp.expect('no rows', pg_temp.found(), concat_ws(E'\n',
    'wrong | extraction_control | heimdall.extraction_control has no row: nothing is claimed | heimdalld migrate',
    'wrong | sweep_state | heimdall.sweep_state has no row: nothing is swept | heimdalld migrate',
    'wrong | queue_depth | heimdall.queue_depth has no row: the queue is not counted | heimdalld migrate',
    'wrong | coverage_totals | heimdall.coverage_totals has no row: no counts are kept | heimdalld migrate',
    'wrong | session_locks | heimdall.session_locks lacks 4090 of its 4096 rows: some sessions are not announced | heimdalld migrate'));
SELECT heimdall.pause_extraction('x');
SELECT pg_temp.expect('a pause is not lost', (SELECT paused FROM heimdall.extraction_control), true);
\ir ../../../sql/single_rows.sql
SELECT pg_temp.expect('there again', pg_temp.found(), NULL);
SELECT pg_temp.expect('all of them', (SELECT count(*) FROM heimdall.session_locks), 4096::bigint);
TRUNCATE heimdall.schema_migrations;
SELECT pg_temp.expect('a schema without rows', pg_temp.found(),
    'blocks | schema_migrations | it has no rows, and tables of ours exist: a schema was restored without its rows | pg_dump --data-only --table=heimdall.schema_migrations … | psql …;  from where the dump was made, then: heimdalld migrate');
-- Tables of others with names of ours.
DROP TABLE heimdall.feature_queue, heimdall.feature_parts CASCADE;
CREATE DOMAIN heimdall.feature_parts AS text;
SELECT pg_temp.expect('names', (SELECT string_agg(subject || ': ' || finding, ', ') FROM heimdall.find_obstacles() WHERE subject IN ('heimdall.backfills', 'heimdall.feature_parts', 'heimdall.feature_coverage')),
    'heimdall.backfills: a table of this name exists, and it is not ours, heimdall.feature_coverage: a view of this name exists, and it is not ours, heimdall.feature_parts: a domain of this name exists, and it is not ours');
ROLLBACK;
BEGIN;
DROP TABLE heimdall.schema_migrations CASCADE;
CREATE TABLE heimdall.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
\set q `cat sql/queries/examine_rights.sql`
PREPARE examine_rights AS :q
CREATE FUNCTION pg_temp.rights() RETURNS text LANGUAGE plpgsql AS $$
DECLARE one record; lines text[];
BEGIN
    FOR one IN EXECUTE 'EXECUTE examine_rights' LOOP
        lines := lines || concat_ws(' | ', one.level, one.subject, one.finding, one.hint);
    END LOOP;
    RETURN array_to_string(lines, E'\n');
END $$;
SELECT pg_temp.expect('the list of another program', pg_temp.rights(),
    'blocks | schema_migrations | heimdall.schema_migrations is the list of another program, not ours | ALTER TABLE heimdall.schema_migrations SET SCHEMA public;  and tell that program');
\set q `cat sql/bootstrap.sql`
SELECT pg_temp.expect_error('psql stops at it', :'q', 'P0001');
SET TRANSACTION READ ONLY;
SELECT pg_temp.expect('read-only', split_part(pg_temp.rights(), E'\n', 2),
    'blocks | server | the transactions of this login are read-only | ALTER ROLE postgres RESET default_transaction_read_only; ALTER DATABASE ' || quote_ident(current_database()) || ' RESET default_transaction_read_only;');
ROLLBACK;

-- A foreign key of the application to our results.
BEGIN;
CREATE TABLE heimdall.training ("time" timestamptz, sample uuid, CONSTRAINT of_a_sample FOREIGN KEY ("time", sample) REFERENCES heimdall.measurement_features (timestamp, measurement_id) ON DELETE RESTRICT DEFERRABLE);
SELECT pg_temp.expect('a foreign key', pg_temp.found(),
    'wrong | results | the foreign key of_a_sample of heimdall.training keeps rows of heimdall.measurement_features from being deleted or moved | ALTER TABLE heimdall.training DROP CONSTRAINT of_a_sample, ADD CONSTRAINT of_a_sample FOREIGN KEY ("time", sample) REFERENCES heimdall.measurement_features("timestamp", measurement_id) ON UPDATE CASCADE ON DELETE CASCADE;');
DO $$ BEGIN EXECUTE (SELECT hint FROM heimdall.find_obstacles()); END $$;
SELECT pg_temp.expect('it lets them', pg_temp.found(), NULL);
ROLLBACK;

-- Tables that inherit from the application's: a statement for one of them is noted, and it has the indexes.
BEGIN;
CREATE TABLE heimdall.measurements_2026 () INHERITS (heimdall.measurements);
CREATE TABLE heimdall.measurements_2026_01 () INHERITS (heimdall.measurements_2026);
CREATE TABLE heimdall.sessions_2026 () INHERITS (heimdall.recording_sessions);
SELECT pg_temp.expect('indexes', (SELECT string_agg(relation || ' ' || key, ', ' ORDER BY relation::text, key) FROM heimdall.missing_indexes()),
    'heimdall.measurements_2026 created_at, heimdall.measurements_2026 id, heimdall.measurements_2026 recording_session_id, heimdall.measurements_2026_01 created_at, heimdall.measurements_2026_01 id, '
    'heimdall.measurements_2026_01 recording_session_id, heimdall.sessions_2026 created_at, heimdall.sessions_2026 duration_seconds, heimdall.sessions_2026 id');
\ir ../../../sql/triggers/application_tables.sql
\ir ../../../sql/triggers/application_tables.sql
SELECT pg_temp.expect('triggers', pg_temp.triggers('heimdall.measurements_2026_01'), 3::bigint);
INSERT INTO heimdall.sessions_2026 (id, status, created_at, duration_seconds) VALUES (pg_temp.session(1), 'recording', '2026-01-01 12:00Z', 60);
INSERT INTO heimdall.measurements_2026_01 (id, iq_data_location, created_at) SELECT pg_temp.measurement(1, k), 'a.bin', '2026-01-01 12:00:01Z' FROM generate_series(1, 3) k;
SELECT pg_temp.expect('noted', (SELECT array_agg(size) FROM heimdall.change_notes), ARRAY[3]);
UPDATE heimdall.sessions_2026 SET status = 'completed';
SELECT pg_temp.expand();
SELECT pg_temp.expect('queued', (SELECT count(*) FROM heimdall.feature_queue), 3::bigint);
-- A statement for the upper table is noted once.
UPDATE heimdall.measurements SET iq_data_location = 'b.bin' WHERE id = pg_temp.measurement(1, 1);
SELECT pg_temp.expect('once', (SELECT array_agg(size) FROM heimdall.change_notes), ARRAY[1]);
DELETE FROM heimdall.measurements_2026_01 WHERE id = pg_temp.measurement(1, 2);
SELECT pg_temp.expand();
SELECT pg_temp.expect('deleted', (SELECT count(*) FROM heimdall.feature_queue), 2::bigint);
ROLLBACK;

-- Renamed and made anew, in one transaction, as some do to change a large table. The index of ours has gone with the old one.
ALTER TABLE heimdall.measurements RENAME TO measurements_old;
CREATE TABLE heimdall.measurements (LIKE heimdall.measurements_old INCLUDING DEFAULTS);
SELECT pg_temp.expect('another table', pg_temp.found(), 'wrong | heimdall.measurements | our views read another table, which had this name when they were made | heimdalld migrate');
\ir ../../../sql/install.sql
SELECT pg_temp.expect('read now', pg_temp.found(), NULL);
SELECT pg_temp.expect('triggers', pg_temp.triggers('heimdall.measurements'), 3::bigint);
SELECT pg_temp.expect('indexes', (SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = 'heimdall.measurements'::regclass), 'created_at, id, recording_session_id');
SELECT pg_temp.expect('none is missing', (SELECT count(*) FROM heimdall.missing_base_indexes()), 0::bigint);
SELECT pg_temp.record(1);
SELECT pg_temp.complete(1);
SELECT pg_temp.expect('queued', (SELECT count(*) FROM heimdall.feature_queue), 7::bigint);
