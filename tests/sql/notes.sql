-- What the expansion of notes makes of changes: moved, corrected, deleted, replaced, cancelled, failed.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(6);
DO $$
DECLARE
    worker uuid; held record; got record; n bigint;
    a CONSTANT uuid := pg_temp.session(1);
    b CONSTANT uuid := pg_temp.session(2);
    m CONSTANT uuid := pg_temp.measurement(1, 1);
BEGIN
    -- Narrow notes: one row for 42 measurements.
    PERFORM pg_temp.expect('one note', (SELECT count(*) || ' ' || sum(cardinality(ids)) FROM heimdall.change_notes), '1 42');
    PERFORM pg_temp.complete(1), pg_temp.complete(2);
    PERFORM pg_temp.expect('no note is left', (SELECT count(*) FROM heimdall.change_notes), 0::bigint);
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 14, NULL)', worker);
    FOR held IN SELECT * FROM heimdall.feature_queue WHERE measurement_id <> pg_temp.measurement(1, 7) LOOP
        PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    END LOOP;

    -- A corrected time: the row follows, nothing is extracted again.
    UPDATE heimdall.measurements SET created_at = created_at + interval '5 ms' WHERE id = m;
    PERFORM pg_temp.expand();
    SELECT f.timestamp, f.extraction_failed INTO got FROM heimdall.measurement_features f WHERE measurement_id = m;
    PERFORM pg_temp.expect('corrected', got.timestamp, timestamptz '2020-01-01 01:00:00.015Z');
    PERFORM pg_temp.expect('not queued', (SELECT count(*) FROM heimdall.feature_queue WHERE measurement_id = m), 0::bigint);

    -- Given to another completed session: the row follows.
    UPDATE heimdall.measurements SET recording_session_id = b WHERE id = m;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('moved', (SELECT recording_session_id FROM heimdall.measurement_features WHERE measurement_id = m), b);
    PERFORM pg_temp.expect('counted there', (SELECT measurements_with_features FROM heimdall.session_coverage WHERE recording_session_id = b), 8::bigint);

    -- The last outstanding one leaves its session while a daemon has it: its claim ends, and the session is settled.
    SELECT * INTO held FROM heimdall.feature_queue;
    UPDATE heimdall.measurements SET recording_session_id = b WHERE id = held.measurement_id;
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('the session that it has left', (SELECT array_agg((s ->> 'recording_session_id')::uuid) FROM jsonb_array_elements(got.settled) s), ARRAY[a]);
    PERFORM pg_temp.expect('ready again in the other one', (SELECT (state, recording_session_id, attempt)::text FROM heimdall.feature_queue), format('(ready,%s,0)', b));
    PERFORM pg_temp.expect_rows('the old claim is refused', pg_temp.good(held.measurement_id, held.claim_id), 0);
    -- Then it goes to a session that still records, and leaves the queue.
    UPDATE heimdall.measurements SET recording_session_id = pg_temp.session(3) WHERE id = held.measurement_id;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('not outstanding any more', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);
    PERFORM pg_temp.complete(3);
    PERFORM pg_temp.expect('with its new session', (SELECT count(*) FROM heimdall.feature_queue), 8::bigint);

    -- Another receiver, format or sample rate changes what an extraction gives.
    UPDATE heimdall.measurements SET iq_sample_rate = 48000 WHERE id = m;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('extracted again', (SELECT source FROM heimdall.feature_queue WHERE measurement_id = m), 'live');
    UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE id = m;
    DELETE FROM heimdall.feature_queue;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('as it was extracted', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    -- The location goes and comes back while a daemon has the row: what it read decides.
    UPDATE heimdall.measurements SET iq_data_location = 'v2' WHERE id = m;
    PERFORM pg_temp.expand();
    EXECUTE format('EXECUTE claim(%L, 14, NULL)', worker);
    SELECT * INTO held FROM heimdall.feature_queue WHERE measurement_id = m;
    UPDATE heimdall.measurements SET iq_data_location = '1/1.bin' WHERE id = m;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect_rows('features of v2 are refused', pg_temp.good(m, held.claim_id), 0);
    UPDATE heimdall.measurements SET iq_data_location = NULL WHERE id = m;
    EXECUTE format('EXECUTE claim(%L, 14, NULL)', worker);
    SELECT * INTO held FROM heimdall.feature_queue WHERE measurement_id = m;
    PERFORM pg_temp.expect('it read nothing', held.source_fingerprint, 0::bigint);
    UPDATE heimdall.measurements SET iq_data_location = 'v3' WHERE id = m;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect_rows('not discarded', format('EXECUTE discard(%L, %s)', m, held.claim_id), 0);
    PERFORM pg_temp.expect('but ready', (SELECT state FROM heimdall.feature_queue WHERE measurement_id = m), 'ready');
    UPDATE heimdall.measurements SET iq_data_location = '1/1.bin' WHERE id = m;
    DELETE FROM heimdall.feature_queue;
    PERFORM pg_temp.expand();

    -- A cancelled backfill: the session of its last row is announced.
    DELETE FROM heimdall.measurement_features WHERE measurement_id = m;
    PERFORM heimdall.cancel_backfill((SELECT backfill_id FROM heimdall.request_backfill(1, 1)));
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('announced', (SELECT count(*) FROM jsonb_array_elements(got.settled)), 1::bigint);
    DELETE FROM heimdall.cancelled_measurements;
    INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, overall_confidence, mean_snr_db, num_receivers_detected)
    SELECT v.measured_at, v.measurement_id, v.recording_session_id, ARRAY['{}'::jsonb], 0.9, 20, 1 FROM heimdall.session_measurements v WHERE v.measurement_id = m;

    -- Deleted: it leaves the queue; its features stay. A deleted session: its measurements have none any more.
    PERFORM pg_temp.complete(4);
    DELETE FROM heimdall.measurements WHERE id = pg_temp.measurement(4, 1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('six of seven', (SELECT count(*) FROM heimdall.feature_queue), 6::bigint);
    DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(4);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('none', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);
    DELETE FROM heimdall.recording_sessions WHERE id = a;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('without a session', (SELECT count(*) FROM heimdall.measurement_features WHERE recording_session_id IS NULL), 5::bigint);
    PERFORM pg_temp.expect('kept', (SELECT count(*) FROM heimdall.measurement_features), 13::bigint);

    -- A window that is set, or becomes another one, after the session completed.
    UPDATE heimdall.recording_sessions SET duration_seconds = NULL WHERE id = pg_temp.session(5);
    PERFORM pg_temp.complete(5);
    PERFORM pg_temp.expect('no window, no measurements', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);
    UPDATE heimdall.recording_sessions SET duration_seconds = 0.035 WHERE id = pg_temp.session(5);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('three are in it', (SELECT count(*) FROM heimdall.feature_queue), 3::bigint);
    UPDATE heimdall.recording_sessions SET created_at = created_at + interval '25 ms' WHERE id = pg_temp.session(5);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('four are in it now', (SELECT array_agg(measurement_id ORDER BY measured_at) FROM heimdall.feature_queue),
        (SELECT array_agg(pg_temp.measurement(5, k) ORDER BY k) FROM generate_series(3, 6) k));
    UPDATE heimdall.recording_sessions SET duration_seconds = 'NaN', created_at = 'infinity' WHERE id = pg_temp.session(5);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('none any more', (SELECT count(*) FROM heimdall.feature_queue), 0::bigint);

    -- A session with nothing to extract is announced when its completion is expanded.
    INSERT INTO heimdall.recording_sessions (id, status) VALUES (pg_temp.session(99), 'completed');
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('announced', got.settled, format('[{"failed": 0, "succeeded": 0, "recording_session_id": "%s"}]', pg_temp.session(99))::jsonb);

    -- Lost notes: the sweep finds what was moved and what was replaced.
    SET LOCAL session_replication_role = replica;
    UPDATE heimdall.measurements SET iq_data_location = 'another' WHERE id = pg_temp.measurement(2, 1);
    UPDATE heimdall.measurements SET created_at = created_at + interval '1 ms' WHERE id = pg_temp.measurement(2, 2);
    SET LOCAL session_replication_role = origin;
    PERFORM pg_temp.expect('the sweep', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(2,9)');
    PERFORM pg_temp.expect('replaced', (SELECT source FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(2, 1)), 'sweep');
    PERFORM pg_temp.expect('corrected by the sweep', (SELECT f.timestamp FROM heimdall.measurement_features f WHERE measurement_id = pg_temp.measurement(2, 2)), timestamptz '2020-01-01 02:00:00.021Z');
    PERFORM pg_temp.expect('nothing is left', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(0,0)');
    DELETE FROM heimdall.feature_queue;

    -- The note of a measurement that is expanded after its session's note, its claim and its failure: it is not tried again.
    INSERT INTO heimdall.recording_sessions (id, status, duration_seconds, created_at) VALUES (pg_temp.session(7), 'recording', 1, '2020-01-02 00:00Z');
    INSERT INTO heimdall.measurements (id, iq_data_location, created_at) VALUES (pg_temp.measurement(7, 1), 'x.bin', '2020-01-02 00:00Z');
    PERFORM pg_temp.complete(7);
    DELETE FROM heimdall.feature_queue;
    DELETE FROM heimdall.measurement_features WHERE measurement_id = pg_temp.measurement(7, 1);
    INSERT INTO heimdall.change_notes (kind, ids) VALUES ('measurement', ARRAY[pg_temp.measurement(7, 1)]);
    INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, overall_confidence, num_receivers_detected, extraction_failed, error_kind, error_message)
    SELECT v.measured_at, v.measurement_id, v.recording_session_id, '{}', 0, 0, true, 'invalid_format', 'x' FROM heimdall.session_measurements v WHERE v.measurement_id = pg_temp.measurement(7, 1);
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('a failure after the note', (got.notes, got.queued)::text, '(1,0)');
    -- A change after the failure tries it again.
    INSERT INTO heimdall.change_notes (kind, ids) VALUES ('measurement', ARRAY[pg_temp.measurement(7, 1)]);
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('a failure before the note', (got.notes, got.queued)::text, '(1,1)');
    DELETE FROM heimdall.feature_queue;

    -- A note that cannot be expanded is set aside with the reason, and the others go on.
    PERFORM pg_temp.complete(6);
    DELETE FROM heimdall.feature_queue;
    INSERT INTO heimdall.change_notes (kind, ids, old_sessions) VALUES ('session', ARRAY[b], '[{"at": "2020-13-45", "seconds": "1"}]');
    UPDATE heimdall.measurements SET iq_data_location = 'new' WHERE id = pg_temp.measurement(6, 1);
    SELECT * INTO got FROM heimdall.expand_notes();
    PERFORM pg_temp.expect('two notes, one failed', (got.notes, got.queued, got.set_aside)::text, '(2,1,1)');
    PERFORM pg_temp.expect('with the reason', (SELECT failure FROM heimdall.change_notes), 'date/time field value out of range: "2020-13-45" (22008)');
    PERFORM pg_temp.expect('it stays aside', (SELECT e.notes FROM heimdall.expand_notes() e), 0::bigint);
END $$;
ROLLBACK;
