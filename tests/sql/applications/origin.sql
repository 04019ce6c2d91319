-- An installation with a measurement_features of its own, windows of session_start and session_end, and one measurement a
-- second: the whole path in SQL, and both kinds of partitioned tables. This check makes the database anew and commits.
SET client_min_messages = warning;
-- prepare.sql names columns that this application does not have.
SET check_function_bodies = off;
DROP SCHEMA heimdall CASCADE;
\ir origin/schema.sql
\ir origin/data.sql
\o /dev/null
\ir ../../../sql/install.sql
\o
\ir ../prepare.sql

CREATE FUNCTION pg_temp.origin() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    worker uuid; held record; n bigint;
BEGIN
    PERFORM pg_temp.expect('our results', heimdall.results_table()::text, 'heimdall.heimdalld_measurement_features');
    PERFORM pg_temp.expect('their rows', (SELECT count(*) FROM heimdall.measurement_features), 20::bigint);
    PERFORM pg_temp.expect('windows', (SELECT string_agg(concat_ws(' ', to_char(s.started_at AT TIME ZONE 'UTC', 'MM-DD'), s.duration_seconds, s.status), ', ' ORDER BY s.started_at) FROM heimdall.application_sessions s),
        '10-09 2 completed, 10-17 2 completed, 10-25 2 completed, 11-02 2 failed, 11-27 60 recording');
    PERFORM pg_temp.expect('no index is missing', (SELECT count(*) FROM heimdall.missing_indexes()), 0::bigint);
    PERFORM pg_temp.expect('nothing is queued by the installation', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    -- Old ones.
    PERFORM pg_temp.expect('a backfill', (SELECT (b.recordings_found, b.measurements_queued)::text FROM heimdall.request_backfill() b), '(3,42)');
    PERFORM pg_temp.expect('since the second session', (SELECT count(*) FROM heimdall.session_measurements WHERE session_created_at >= '2026-10-17 00:00Z' AND session_status = 'completed'), 28::bigint);
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 500, 60000, 15)$q$ INTO worker;
    FOR held IN SELECT * FROM heimdall.claim_measurements(worker, 42) LOOP
        PERFORM pg_temp.expect('claimed', (held.iq_data_format, held.iq_sample_rate, held.rx_lat IS NULL, held.bad_value IS NULL)::text, '(npy,12500,f,t)');
        PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    END LOOP;
    PERFORM pg_temp.expect('the time of the measurement', (SELECT count(*) FROM heimdall.extracted_features f JOIN heimdall.measurements m ON m.id = f.measurement_id AND m.timestamp = f.timestamp), 42::bigint);

    -- A live session of a minute.
    INSERT INTO heimdall.measurements (id, timestamp, websdr_station_id, recording_session_id, frequency_hz, iq_data_location, iq_data_format, iq_sample_rate)
    SELECT md5('live' || k || '/' || s)::uuid, timestamptz '2026-11-27 12:00Z' + s * interval '1 second', md5('station' || k)::uuid, md5('live')::uuid, 145000000,
           format('s3://heimdall-raw-iq/sessions/live/chunk_%s_websdr_%s.npy', s, k), 'npy', 12500
    FROM generate_series(0, 59) s, generate_series(1, 7) k;
    UPDATE heimdall.recording_sessions SET status = 'completed', session_end = session_start + interval '60 seconds' WHERE id = md5('live')::uuid;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('a minute of seven', (SELECT count(*) FROM heimdall.feature_queue WHERE recording_session_id = md5('live')::uuid), 420::bigint);
    FOR held IN SELECT * FROM heimdall.claim_measurements(worker, 420) LOOP
        PERFORM pg_temp.expect_rows('stored', CASE WHEN held.iq_data_location LIKE '%chunk\_0\_%' THEN pg_temp.bad(held.measurement_id, held.claim_id, 'not_found')
                                                   ELSE pg_temp.good(held.measurement_id, held.claim_id) END, 1);
    END LOOP;
    PERFORM pg_temp.expect('what it got', (SELECT (c.state, c.total_measurements, c.measurements_with_features, c.measurements_failed)::text FROM heimdall.session_coverage c WHERE c.recording_session_id = md5('live')::uuid),
        '(partial,420,413,7)');
    PERFORM pg_temp.expect('in all', (SELECT (c.total_recordings, c.measurements_with_features)::text FROM heimdall.feature_coverage c), '(4,455)');
    PERFORM pg_temp.expect('their rows', (SELECT count(*) FROM heimdall.measurement_features), 20::bigint);

    -- A measurement without a session belongs to the window, and follows a change of it.
    INSERT INTO heimdall.measurements (id, timestamp, websdr_station_id, frequency_hz, iq_data_location)
    VALUES (md5('stray')::uuid, '2026-11-27 12:00:59.5Z', md5('station1')::uuid, 145000000, 'stray.npy');
    PERFORM pg_temp.expect('by its time', (SELECT recording_session_id FROM heimdall.session_measurements WHERE measurement_id = md5('stray')::uuid), md5('live')::uuid);
    UPDATE heimdall.recording_sessions SET session_end = session_start + interval '30 seconds' WHERE id = md5('live')::uuid;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('no longer', (SELECT count(*) FROM heimdall.session_measurements WHERE measurement_id = md5('stray')::uuid), 0::bigint);
    PERFORM pg_temp.expect('nor queued', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    -- Its own writer and its deletions work as before.
    INSERT INTO heimdall.measurement_features (recording_session_id, timestamp, receiver_features, extraction_metadata, overall_confidence, num_receivers_detected, dataset_id)
    VALUES (md5('old1')::uuid, now(), '{}', '{}', 0.5, 15, md5('dataset1')::uuid) ON CONFLICT (recording_session_id) DO UPDATE SET overall_confidence = 0.6;
    PERFORM pg_temp.expect_error('its checks', 'UPDATE heimdall.measurement_features SET num_receivers_detected = 16', '23514');
    DELETE FROM heimdall.recording_sessions WHERE id = md5('old1')::uuid;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('orphans', (SELECT p.rows_deleted FROM heimdall.purge_features(orphans_only => true) p), 14::bigint);
END
$$;
BEGIN;
SELECT pg_temp.origin();
ROLLBACK;

-- A second migration changes nothing. Then the same with a hypertable, which refuses some statements.
\o /dev/null
\ir ../../../sql/install.sql
\o
SELECT pg_temp.expect('our results', heimdall.results_table()::text, 'heimdall.heimdalld_measurement_features');
BEGIN;
SELECT pg_temp.origin();
ROLLBACK;
DROP SCHEMA heimdall CASCADE;
\set hypertable 1
\ir origin/schema.sql
\ir origin/data.sql
\o /dev/null
\ir ../../../sql/install.sql
\o
SELECT pg_temp.expect('hypertable', heimdall.is_hypertable('heimdall.measurements'), true);
BEGIN;
SELECT pg_temp.origin();
ROLLBACK;

-- Installed before the application's own migration: the name stays free for it.
DROP SCHEMA heimdall CASCADE;
\if :has_timescaledb
\else
DROP SCHEMA _timescaledb_catalog CASCADE;
\endif
\set hypertable 0
\ir origin/schema.sql
DROP TABLE heimdall.measurement_features;
\o /dev/null
\ir ../../../sql/install.sql
\o
\ir origin/measurement_features.sql
\ir origin/data.sql
\o /dev/null
\ir ../../../sql/install.sql
\o
BEGIN;
SELECT pg_temp.origin();
ROLLBACK;

-- Where the name has been ours, it can be given up.
DROP SCHEMA heimdall CASCADE;
\o /dev/null
\ir ../../../sql/install.sql
\o
BEGIN;
SELECT pg_temp.record(1);
SELECT pg_temp.complete(1);
SELECT pg_temp.expect('ours', heimdall.results_table()::text, 'heimdall.measurement_features');
SELECT string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attname) AS shape
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = heimdall.results_table() AND a.attnum > 0 AND NOT a.attisdropped \gset
SELECT pg_temp.expect('moved', heimdall.move_results()::text, 'heimdall.heimdalld_measurement_features');
\ir origin/measurement_features.sql
INSERT INTO heimdall.measurement_features (recording_session_id, timestamp, receiver_features, extraction_metadata, overall_confidence) VALUES (gen_random_uuid(), now(), '{}', '{}', 1);
SELECT pg_temp.expect('the sweep and the views go on', (SELECT (count(*), max(total_measurements))::text FROM heimdall.session_coverage), '(1,7)');
ROLLBACK;

-- An earlier version was made to write into the application's table: a unique index beside its own key, and our columns.
DROP SCHEMA heimdall CASCADE;
\ir origin/schema.sql
\ir origin/data.sql
\o /dev/null
\ir ../../../sql/install.sql
DROP TABLE heimdall.heimdalld_measurement_features CASCADE;
ALTER TABLE heimdall.measurement_features ADD COLUMN measurement_id uuid, ADD COLUMN error_kind text, ADD COLUMN attempts integer DEFAULT 1,
    ADD COLUMN updated_at timestamptz DEFAULT now(), ADD COLUMN source_fingerprint bigint, ADD COLUMN failed_fingerprint bigint,
    ADD COLUMN last_error_kind text, ADD COLUMN last_error_message text, ADD COLUMN last_failed_at timestamptz, ADD COLUMN rx_id text;
CREATE UNIQUE INDEX followed_the_hint ON heimdall.measurement_features (timestamp, measurement_id);
\ir ../../../sql/install.sql
\o
INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, extraction_metadata, overall_confidence, mean_snr_db, num_receivers_detected, source_fingerprint)
SELECT m.timestamp, m.id, m.recording_session_id, ARRAY['{}'::jsonb], '{}', 0.5, 10, 1, 1 FROM heimdall.measurements m WHERE m.recording_session_id = md5('old1')::uuid LIMIT 1;
SELECT pg_temp.expect('said', (SELECT string_agg(concat_ws(' ', o.level, o.hint), ', ') FROM heimdall.find_obstacles() o WHERE o.level <> 'warning'),
    'wrong SELECT heimdall.move_results();  then: heimdalld migrate  (the table is the application''s; ours will be another one)');
SELECT heimdall.move_results();
\o /dev/null
\ir ../../../sql/install.sql
\o
SELECT pg_temp.expect('the new table has the columns of the ordinary one', (
    SELECT string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attname)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = heimdall.results_table() AND a.attnum > 0 AND NOT a.attisdropped), :'shape');
SELECT pg_temp.expect('nothing is wrong now', (SELECT string_agg(o.level, ', ') FROM heimdall.find_obstacles() o), 'ok');
SELECT pg_temp.expect('our row has moved', (SELECT (count(*), (SELECT count(*) FROM heimdall.measurement_features))::text FROM heimdall.extracted_features), '(1,20)');
DELETE FROM heimdall.extracted_features;
BEGIN;
SELECT pg_temp.origin();
ROLLBACK;
