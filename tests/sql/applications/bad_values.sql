-- One bad value is one error row: columns of other types with values that do not convert, and times far out.
\ir ../prepare.sql
BEGIN;
-- The application has other types than ours. The migration creates the views again.
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
ALTER TABLE heimdall.measurements ALTER COLUMN frequency_hz TYPE double precision,
    ALTER COLUMN recording_session_id TYPE varchar(64);
ALTER TABLE heimdall.recording_sessions ALTER COLUMN frequency_hz TYPE numeric;
SET LOCAL client_min_messages = warning;
\ir ../../../sql/views/application_sessions.sql
\ir ../../../sql/views/application_measurements.sql
\ir ../../../sql/views/iq_measurements.sql
\ir ../../../sql/views/session_measurements.sql
\ir ../../../sql/views/session_coverage.sql
\ir ../../../sql/functions/intake/note_measurement_changes.sql
\ir ../../../sql/functions/intake/note_session_changes.sql
SELECT pg_temp.record(4);
DO $$
DECLARE
    worker uuid; held record; got record;
BEGIN
    UPDATE heimdall.measurements SET frequency_hz = 'NaN' WHERE id = pg_temp.measurement(1, 1);
    UPDATE heimdall.measurements SET recording_session_id = '' WHERE id = pg_temp.measurement(1, 2);
    UPDATE heimdall.measurements SET recording_session_id = 'session one' WHERE id = pg_temp.measurement(1, 3);
    UPDATE heimdall.measurements SET created_at = '294276-12-31', recording_session_id = pg_temp.session(1) WHERE id = pg_temp.measurement(1, 4);
    UPDATE heimdall.measurements SET created_at = '-infinity', recording_session_id = pg_temp.session(1) WHERE id = pg_temp.measurement(1, 5);
    UPDATE heimdall.measurements SET created_at = '4713-01-01 BC' WHERE id = pg_temp.measurement(4, 1);
    UPDATE heimdall.recording_sessions SET frequency_hz = 'NaN' WHERE id = pg_temp.session(2);
    UPDATE heimdall.recording_sessions SET created_at = '294276-12-31', duration_seconds = 'Infinity' WHERE id = pg_temp.session(3);
    UPDATE heimdall.recording_sessions SET status = 'completed';
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('no note failed', got.set_aside, 0::bigint);
    PERFORM pg_temp.expect('sessions 1, 2 and 4', (SELECT count(*) FROM heimdall.feature_queue), 20::bigint);
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 30, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 30, NULL)', worker);
    UPDATE heimdall.feature_queue SET state = 'ready', claim_id = NULL, worker_id = NULL, claimed_at = NULL;
    PERFORM pg_temp.expect('named', (SELECT string_agg(c.bad_value, '; ' ORDER BY c.bad_value) FROM heimdall.claim_measurements(worker, 30) c),
        format('created_at is %s; created_at is %s; frequency_hz is ''NaN''; recording_session_id is ''session one''',
               timestamptz '-infinity', timestamptz '294276-12-31'));
    PERFORM pg_temp.expect('its session''s time', (SELECT min(measured_at) FROM heimdall.feature_queue WHERE measurement_id IN (pg_temp.measurement(1, 4), pg_temp.measurement(1, 5))), timestamptz '2020-01-01 01:00Z');
    -- Nothing else fails for them.
    PERFORM pg_temp.expect('coverage', (SELECT total_measurements FROM heimdall.feature_coverage), 20::bigint);
    PERFORM pg_temp.expect('coverage of a session', (SELECT total_measurements FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(1)), 7::bigint);
    DELETE FROM heimdall.feature_queue;
    PERFORM pg_temp.expect('the sweep', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(3,20)');
    DELETE FROM heimdall.feature_queue;
    PERFORM pg_temp.expect('a backfill', (SELECT measurements_queued FROM heimdall.request_backfill()), 20::bigint);
END $$;
ROLLBACK;
