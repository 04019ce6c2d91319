-- What the triggers note, what is queued for it and when, and that they never fail the application's statement.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(20);
DO $$
DECLARE
    worker uuid;
    held   record;
BEGIN
    PERFORM pg_temp.expect('nothing while recording', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);
    PERFORM pg_temp.complete(1);
    PERFORM pg_temp.expect('all seven on completion', (SELECT count(*) FROM heimdall.pending_features WHERE source = 'live' AND priority = 0), 7::bigint);
    PERFORM pg_temp.expect('timestamp of the measurement', (SELECT min(measured_at) FROM heimdall.feature_queue), timestamptz '2020-01-01 01:00:00.01Z');

    DELETE FROM heimdall.feature_queue;
    UPDATE heimdall.recording_sessions SET status = 'completed', updated_at = now() WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('completed again does nothing', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    UPDATE heimdall.recording_sessions SET status = 'completed';
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('19 sessions in one statement', (SELECT count(*) FROM heimdall.feature_queue), (19 * 7)::bigint);
    PERFORM pg_temp.expect('oldest session first', (SELECT recording_session_id FROM heimdall.pending_features ORDER BY priority, id LIMIT 1), pg_temp.session(2));
    DELETE FROM heimdall.feature_queue;

    -- A session that is inserted as completed, after its measurements.
    DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(20);
    PERFORM pg_temp.expand();
    INSERT INTO heimdall.recording_sessions (id, user_id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at)
    VALUES (pg_temp.session(20), gen_random_uuid(), 'completed', 145000000, 12500, 1, timestamptz '2020-01-01 20:00Z');
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('inserted as completed', (SELECT count(*) FROM heimdall.feature_queue), 7::bigint);
    DELETE FROM heimdall.feature_queue;

    -- Objects that arrive late.
    INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
    VALUES (pg_temp.measurement(1, 8), 145000000, NULL, timestamptz '2020-01-01 01:00:00.5Z');
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('no object, nothing queued', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);
    UPDATE heimdall.measurements SET iq_data_location = 'late' WHERE id = pg_temp.measurement(1, 8);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('queued as its object arrives', (SELECT array_agg(measurement_id) FROM heimdall.feature_queue), ARRAY[pg_temp.measurement(1, 8)]);
    INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
    VALUES (pg_temp.measurement(1, 9), 145000000, 'x', timestamptz '2020-01-01 01:00:00.6Z'),
           (pg_temp.measurement(1, 10), 145000000, 'x', timestamptz '2020-01-01 01:30Z');
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('inserted late, only within a window', (SELECT count(*) FROM heimdall.feature_queue), 2::bigint);
    UPDATE heimdall.measurements SET created_at = timestamptz '2020-01-01 01:00:00.7Z' WHERE id = pg_temp.measurement(1, 10);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('moved into a window', (SELECT count(*) FROM heimdall.feature_queue), 3::bigint);
    DELETE FROM heimdall.feature_queue;
    UPDATE heimdall.measurements SET signal_strength_db = 3;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('other changes do nothing', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    -- A replaced object is extracted again even with features, and the result of the old one is refused.
    UPDATE heimdall.measurements SET iq_data_location = 'first' WHERE id = pg_temp.measurement(1, 1);
    PERFORM pg_temp.expand();
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect('claimed object', held.iq_data_location, 'first');
    UPDATE heimdall.measurements SET iq_data_location = 'second' WHERE id = pg_temp.measurement(1, 1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect_rows('the old object''s result is refused', pg_temp.good(held.measurement_id, held.claim_id), 0);
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect('then the new one', held.iq_data_location, 'second');
    PERFORM pg_temp.expect_rows('the new object''s result is stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    UPDATE heimdall.measurements SET iq_data_location = 'third' WHERE id = pg_temp.measurement(1, 1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('queued once more although it has features', (SELECT count(*) FROM heimdall.feature_queue), 1::bigint);
    DELETE FROM heimdall.feature_queue;
    UPDATE heimdall.measurements SET iq_data_location = 'second' WHERE id = pg_temp.measurement(1, 1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('its features are right again', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    -- A measurement with features is not queued; a failure is; a row of lower priority gets the highest one.
    UPDATE heimdall.recording_sessions SET status = 'recording' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('all but the one with features', (SELECT count(*) FROM heimdall.feature_queue), 9::bigint);
    UPDATE heimdall.feature_queue SET priority = 1, source = 'sweep';
    UPDATE heimdall.recording_sessions SET status = 'recording' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('highest priority', (SELECT count(*) FROM heimdall.feature_queue WHERE priority = 0 AND source = 'live'), 9::bigint);
END $$;

-- The notes do not work: warnings, and the application's statements succeed.
ALTER TABLE heimdall.change_notes RENAME TO change_notes_gone;
SET LOCAL client_min_messages = error;
UPDATE heimdall.recording_sessions SET status = 'recording' WHERE id = pg_temp.session(2);
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(2);
UPDATE heimdall.measurements SET iq_data_location = 'other' WHERE id = pg_temp.measurement(2, 1);
SELECT pg_temp.expect('the application''s statements succeeded', (SELECT status FROM heimdall.recording_sessions WHERE id = pg_temp.session(2)), 'completed');
ROLLBACK;
