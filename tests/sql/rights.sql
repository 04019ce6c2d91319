-- What the three roles may do and may not do, and that PUBLIC has no rights. Runs as a superuser.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(1);
SELECT pg_temp.complete(1);
CREATE ROLE heimdall_test_application;
GRANT USAGE ON SCHEMA heimdall TO heimdall_test_application;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON heimdall.recording_sessions, heimdall.measurements, heimdall.websdr_stations TO heimdall_test_application;
CREATE FUNCTION pg_temp.denied(role text, query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    BEGIN
        EXECUTE query;
    EXCEPTION WHEN insufficient_privilege THEN
        RESET ROLE;
        RETURN;
    END;
    RESET ROLE;
    RAISE EXCEPTION '% may run: %', role, query;
END $$;
DO $$
DECLARE
    query text;
BEGIN
    FOREACH query IN ARRAY ARRAY[
        'SELECT heimdall.request_backfill()', 'SELECT heimdall.cancel_backfill(gen_random_uuid())', 'SELECT heimdall.retry_failed()',
        'SELECT heimdall.pause_extraction()', 'SELECT heimdall.resume_extraction()',
        'UPDATE heimdall.recording_sessions SET status = status', 'DELETE FROM heimdall.measurements',
        'INSERT INTO heimdall.websdr_stations (name, latitude, longitude) VALUES (''x'', 0, 0)',
        'TRUNCATE heimdall.measurement_features', 'UPDATE heimdall.extraction_control SET paused = true',
        'SELECT heimdall.enqueue_sessions(NULL, NULL, NULL, 1, false)'] LOOP
        PERFORM pg_temp.denied('heimdall_daemon', query);
        PERFORM pg_temp.denied('heimdall_reader', query);
    END LOOP;
    FOREACH query IN ARRAY ARRAY[
        'SELECT heimdall.enqueue_missing(1)', 'SELECT heimdall.release_expired()', 'DELETE FROM heimdall.measurement_features',
        'UPDATE heimdall.measurement_features SET attempts = 0', 'SELECT * FROM heimdall.measurements', 'SELECT * FROM heimdall.feature_queue',
        'INSERT INTO heimdall.worker_heartbeats (host, pid, version, concurrency, lease_ms) VALUES (''x'', 1, ''0'', 1, 1)'] LOOP
        PERFORM pg_temp.denied('heimdall_reader', query);
    END LOOP;
    FOREACH query IN ARRAY ARRAY[
        'DELETE FROM heimdall.measurement_features', 'DELETE FROM heimdall.measurements', 'DELETE FROM heimdall.feature_queue',
        'UPDATE heimdall.backfills SET done = 0', 'SELECT heimdall.release_expired()'] LOOP
        PERFORM pg_temp.denied('heimdall_admin', query);
    END LOOP;
    -- A role with rights on the schema and on the application's tables only.
    FOREACH query IN ARRAY ARRAY[
        'SELECT * FROM heimdall.measurement_features', 'SELECT * FROM heimdall.feature_queue', 'SELECT * FROM heimdall.feature_coverage',
        'SELECT * FROM heimdall.session_measurements', 'SELECT heimdall.wake_workers()', 'SELECT heimdall.longest_session()',
        'SELECT heimdall.enqueue_missing(1)', 'SELECT heimdall.request_backfill()', 'SELECT * FROM heimdall.schema_migrations'] LOOP
        PERFORM pg_temp.denied('heimdall_test_application', query);
    END LOOP;
END $$;

-- The daemon may run everything in queries/.
SET LOCAL ROLE heimdall_daemon;
DO $$
DECLARE
    worker uuid; held record;
BEGIN
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE heartbeat(%L, 0)', worker);
    EXECUTE 'EXECUTE expand_notes(1000, 0, NULL)';
    EXECUTE format('EXECUTE claim(%L, 7, NULL)', worker);
    FOR held IN SELECT row_number() OVER () AS n, q.* FROM heimdall.feature_queue q WHERE state = 'claimed' LOOP
        EXECUTE CASE held.n WHEN 1 THEN pg_temp.good(held.measurement_id, held.claim_id)
                            WHEN 2 THEN pg_temp.bad(held.measurement_id, held.claim_id)
                            WHEN 3 THEN pg_temp.bad(held.measurement_id, held.claim_id, 'not_found', 1)
                            WHEN 4 THEN format('EXECUTE retry_later(%L, %s, 1)', held.measurement_id, held.claim_id)
                            WHEN 6 THEN format('EXECUTE snooze(%L, %s, 1)', held.measurement_id, held.claim_id)
                            WHEN 5 THEN format('EXECUTE discard(%L, %s)', held.measurement_id, held.claim_id)
                            ELSE format('EXECUTE release(%L, %L)', ARRAY[held.measurement_id], ARRAY[held.claim_id]) END;
    END LOOP;
    EXECUTE format('EXECUTE settle_sessions(%L)', ARRAY[pg_temp.session(1)]);
    EXECUTE format('EXECUTE progress_backfills(%L, %L, %L)', ARRAY[gen_random_uuid()], ARRAY[1], ARRAY[0]);
    EXECUTE 'EXECUTE keep_backfills';
    EXECUTE 'EXECUTE promote_due';
    EXECUTE format('EXECUTE claim(%L, 7, NULL)', worker);
    UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '1 h';
    UPDATE heimdall.feature_queue SET crashes = 4
    WHERE measurement_id = (SELECT measurement_id FROM heimdall.feature_queue WHERE state = 'claimed' LIMIT 1);
    EXECUTE 'EXECUTE release_expired';
    EXECUTE 'EXECUTE sweep(250, 0, false)';
    EXECUTE format('DELETE FROM heimdall.worker_heartbeats WHERE worker_id = %L', worker);
    PERFORM * FROM heimdall.feature_coverage;
    PERFORM * FROM heimdall.session_coverage;
    PERFORM * FROM heimdall.extraction_workers;
END $$;
-- The reader may read.
SET LOCAL ROLE heimdall_reader;
SELECT 1 FROM (SELECT count(*) FROM heimdall.measurement_features) a, (SELECT count(*) FROM heimdall.session_features) b,
    (SELECT count(*) FROM heimdall.session_measurements) c, (SELECT count(*) FROM heimdall.feature_coverage) d,
    (SELECT count(*) FROM heimdall.session_coverage) e, (SELECT count(*) FROM heimdall.feature_failures) f,
    (SELECT count(*) FROM heimdall.backfill_progress) g, (SELECT count(*) FROM heimdall.extraction_workers) h,
    (SELECT count(*) FROM heimdall.pending_features) i, (SELECT count(*) FROM heimdall.feature_samples) j,
    (SELECT count(*) FROM heimdall.feature_dictionary) k, (SELECT count(receivers_missing) FROM heimdall.session_features) l \g /dev/null
-- The administrator, who is not the owner, may read and call the functions.
SET LOCAL ROLE heimdall_admin;
DO $$
BEGIN
    PERFORM heimdall.cancel_backfill((SELECT backfill_id FROM heimdall.request_backfill()));
    PERFORM heimdall.retry_failed(), heimdall.pause_extraction('x'), heimdall.resume_extraction(), heimdall.enqueue_missing(1);
    PERFORM * FROM heimdall.feature_coverage;
END $$;
-- The application needs no right on our tables: its session completes and is queued.
RESET ROLE;
DELETE FROM heimdall.feature_queue;
DELETE FROM heimdall.measurement_features;
UPDATE heimdall.recording_sessions SET status = 'recording';
SET LOCAL ROLE heimdall_test_application;
UPDATE heimdall.recording_sessions SET status = 'completed';
UPDATE heimdall.measurements SET iq_data_location = iq_data_location || '.2';
RESET ROLE;
SELECT pg_temp.expand();
SELECT pg_temp.expect('queued for the application', (SELECT count(*) FROM heimdall.feature_queue), 7::bigint);
SET LOCAL ROLE heimdall_test_application;
DELETE FROM heimdall.measurements;
TRUNCATE heimdall.recording_sessions;
ROLLBACK;
