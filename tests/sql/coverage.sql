-- Each measurement is counted once. A session with features of one measurement of seven is not complete.
\ir prepare.sql
BEGIN;
-- The view, before and after the changes are counted and after everything is counted, is the sum of the sessions.
CREATE FUNCTION pg_temp.kept(what text, first boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    wanted text; got record;
BEGIN
    SELECT (count(*), count(*) FILTER (WHERE s.measurements_with_features > 0), coalesce(sum(s.total_measurements), 0), coalesce(sum(s.measurements_with_features), 0), coalesce(sum(s.measurements_failed), 0), coalesce(sum(s.measurements_pending), 0))::text INTO wanted
    FROM heimdall.session_coverage s;
    PERFORM pg_temp.expect(what || ', before they are counted', (SELECT m::text FROM heimdall.measure_coverage() m), wanted);
    PERFORM pg_temp.expect(what || ', no count is kept', (SELECT counted_at IS NULL FROM heimdall.coverage_totals), first);
    LOOP
        SELECT * INTO got FROM heimdall.keep_coverage();
        PERFORM pg_temp.expect(what || ', no surprise', got.differing, 0::bigint);
        EXIT WHEN NOT got.more;
    END LOOP;
    PERFORM pg_temp.expect(what || ', nothing is left', (SELECT count(*) FROM heimdall.coverage_changes), 0::bigint);
    PERFORM pg_temp.expect(what || ', afterwards', (SELECT m::text FROM heimdall.measure_coverage() m), wanted);
    PERFORM pg_temp.expect(what || ', kept', (SELECT (recordings, recordings_with_features, measurements, with_features, failed, pending)::text FROM heimdall.coverage_totals), wanted);
    PERFORM pg_temp.expect(what || ', kept by session', (SELECT (count(*), count(*) FILTER (WHERE k.with_features > 0), coalesce(sum(k.measurements), 0), coalesce(sum(k.with_features), 0), coalesce(sum(k.failed), 0), coalesce(sum(k.pending), 0))::text FROM heimdall.session_counts k), wanted);
    PERFORM pg_temp.expect(what || ', no difference', (SELECT sum(abs(difference)) FROM heimdall.recount_coverage()), 0::numeric);
END $f$;
DO $$
DECLARE
    worker uuid; held record; c heimdall.feature_coverage; s heimdall.session_coverage; k integer;
BEGIN
    IF EXISTS (SELECT FROM heimdall.recording_sessions) THEN
        RAISE EXCEPTION 'this check needs an empty database';
    END IF;
    SELECT * INTO c FROM heimdall.feature_coverage;
    PERFORM pg_temp.expect('empty', c::text, '(0,0,0,0,0,0,0,0,0.00)');

    PERFORM pg_temp.record(3);
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id IN (pg_temp.session(1), pg_temp.session(2));
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expand();
    -- Session 1: seven with features. Session 2: one with features, one failed, five pending. Session 3 is recording.
    -- Session 4 has no measurements.
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 14, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 14, NULL)', worker);
    k := 0;
    FOR held IN SELECT * FROM heimdall.feature_queue ORDER BY id LOOP
        k := k + 1;
        EXIT WHEN k > 9;
        EXECUTE CASE WHEN k = 9 THEN pg_temp.bad(held.measurement_id, held.claim_id, 'not_found', 60000) ELSE pg_temp.good(held.measurement_id, held.claim_id) END;
    END LOOP;
    INSERT INTO heimdall.recording_sessions (id, user_id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at)
    VALUES (pg_temp.session(4), gen_random_uuid(), 'completed', 145000000, 12500, 1, '2020-02-01 00:00Z');
    PERFORM pg_temp.expand();

    SELECT * INTO c FROM heimdall.feature_coverage;
    PERFORM pg_temp.expect('coverage', c::text, '(3,2,1,14,8,6,1,5,66.67)');
    PERFORM pg_temp.kept('first count', true);
    SELECT * INTO s FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(1);
    PERFORM pg_temp.expect('complete', (s.state, s.total_measurements, s.measurements_with_features)::text, '(complete,7,7)');
    SELECT * INTO s FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(2);
    PERFORM pg_temp.expect('pending', (s.state, s.total_measurements, s.measurements_with_features, s.measurements_without_features, s.measurements_failed, s.measurements_pending)::text, '(pending,7,1,6,1,5)');
    PERFORM pg_temp.expect('empty', (SELECT state FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(4)), 'empty');
    PERFORM pg_temp.expect('not completed', (SELECT count(*) FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(3)), 0::bigint);

    FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' LOOP
        EXECUTE pg_temp.bad(held.measurement_id, held.claim_id);
    END LOOP;
    PERFORM pg_temp.expect('partial', (SELECT state FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(2)), 'partial');
    UPDATE heimdall.measurements SET iq_data_location = NULL WHERE id = pg_temp.measurement(2, 1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('failed', (SELECT state FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(2)), 'failed');
    DELETE FROM heimdall.measurement_features WHERE measurement_id = pg_temp.measurement(1, 1);
    PERFORM pg_temp.expect('missing, not queued yet', (SELECT state FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(1)), 'pending');

    PERFORM pg_temp.kept('after deletions');
    SELECT * INTO c FROM heimdall.feature_coverage;
    PERFORM pg_temp.expect('the sum of the sessions', (c.total_measurements, c.measurements_with_features, c.measurements_without_features, c.measurements_failed, c.measurements_pending)::text,
        (SELECT (sum(total_measurements), sum(measurements_with_features), sum(measurements_without_features), sum(measurements_failed), sum(measurements_pending))::text FROM heimdall.session_coverage));
    PERFORM pg_temp.expect('with and without make the total', c.measurements_with_features + c.measurements_without_features, c.total_measurements);
    PERFORM pg_temp.expect('failures by kind', (SELECT array_agg(error_kind || ' ' || failures ORDER BY error_kind) FROM heimdall.feature_failures), ARRAY['invalid_format 5', 'not_found 1']);

    -- The training sample: one row with the objects of all receivers.
    PERFORM pg_temp.expect('session_features', (SELECT (second, num_receivers, num_receivers_detected, cardinality(receiver_features), mean_snr_db)::text
                                                FROM heimdall.session_features WHERE recording_session_id = pg_temp.session(1)), '(0,6,6,6,20)');

    -- Everything that changes what a session has changes the kept counts. Notes of sessions count before they are expanded.
    PERFORM pg_temp.kept('features');
    PERFORM * FROM heimdall.enqueue_missing(250, true);
    PERFORM pg_temp.kept('a sweep');
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(3);
    PERFORM pg_temp.expect('noted sessions are pending', (SELECT measurements_pending FROM heimdall.measure_coverage()), 8::bigint);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('completed');
    UPDATE heimdall.measurements SET recording_session_id = pg_temp.session(3) WHERE id = pg_temp.measurement(1, 2);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('moved');
    UPDATE heimdall.recording_sessions SET created_at = created_at + interval '10 s' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('another window');
    UPDATE heimdall.recording_sessions SET created_at = created_at - interval '10 s' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('the old window');
    DELETE FROM heimdall.measurements WHERE id IN (pg_temp.measurement(1, 3), pg_temp.measurement(2, 2), pg_temp.measurement(3, 3));
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('deleted measurements');
    PERFORM heimdall.retry_failed();
    PERFORM pg_temp.kept('failures again');
    DELETE FROM heimdall.feature_queue WHERE source = 'sweep';
    DELETE FROM heimdall.measurement_features WHERE recording_session_id = pg_temp.session(1);
    PERFORM pg_temp.kept('deleted features');
    SELECT * INTO held FROM heimdall.request_backfill();
    PERFORM pg_temp.expect('a backfill', held.measurements_queued > 0, true);
    PERFORM pg_temp.kept('backfill');
    PERFORM heimdall.cancel_backfill(held.backfill_id);
    PERFORM pg_temp.kept('cancelled');
    UPDATE heimdall.recording_sessions SET status = 'failed' WHERE id = pg_temp.session(3);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('not completed any more');
    DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(2);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.kept('a deleted session');

    -- A row of ours that is changed by hand is found by the walk, or by a count of everything.
    DELETE FROM heimdall.feature_queue;
    PERFORM heimdall.recount_coverage();
    INSERT INTO heimdall.feature_queue (measurement_id, recording_session_id, measured_at, source, priority)
    SELECT measurement_id, recording_session_id, measured_at, 'retry', 1 FROM heimdall.session_measurements WHERE measurement_id = pg_temp.measurement(1, 4);
    PERFORM pg_temp.expect('by hand', (SELECT (kept, counted, difference)::text FROM heimdall.recount_coverage() WHERE name = 'measurements_pending'), '(0,1,1)');
    DELETE FROM heimdall.feature_queue;
    -- The next call follows at once only if a full turn of changes waits.
    INSERT INTO heimdall.coverage_changes (session_ids) SELECT ARRAY[pg_temp.session(99)] FROM generate_series(1, 5);
    PERFORM pg_temp.expect('three of five wait', (SELECT (counted, more)::text FROM heimdall.keep_coverage(2)), '(1,t)');
    PERFORM pg_temp.expect('one of five waits', (SELECT (counted, more)::text FROM heimdall.keep_coverage(2)), '(1,f)');
    PERFORM pg_temp.expect('none waits', (SELECT (counted, more)::text FROM heimdall.keep_coverage(2)), '(1,f)');
    SELECT ctid INTO held FROM heimdall.coverage_totals;
    PERFORM * FROM heimdall.keep_coverage();
    PERFORM pg_temp.expect('nothing to do, nothing written', (SELECT ctid FROM heimdall.coverage_totals), held.ctid);
    UPDATE heimdall.coverage_totals SET walked_at = clock_timestamp() + interval '1 hour';
    PERFORM pg_temp.expect('the walk finds it', (SELECT sum(differing) FROM (SELECT (heimdall.keep_coverage()).differing FROM generate_series(1, 2)) w), 1::numeric);
    -- A completed session without measurements whose note was lost is announced by the walk, once. One with a note is left
    -- to it, one from before the installation is history.
    UPDATE heimdall.sweep_state SET history_before = now() - interval '1 day';
    INSERT INTO heimdall.recording_sessions (id, user_id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at)
    SELECT pg_temp.session(n), gen_random_uuid(), 'completed', 145000000, 12500, 1, now() - CASE n WHEN 96 THEN interval '1 year' ELSE interval '1 hour' END
    FROM generate_series(96, 98) n;
    DELETE FROM heimdall.change_notes;
    UPDATE heimdall.recording_sessions SET status = 'recording' WHERE id = pg_temp.session(97);
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(97);
    UPDATE heimdall.coverage_totals SET walked_at = NULL, walked_to = NULL;
    PERFORM * FROM heimdall.keep_coverage();
    PERFORM pg_temp.expect('the one without a note', (SELECT array_agg(i.id) FROM heimdall.change_notes n, unnest(n.ids) i (id) WHERE n.kind = 'settle'), ARRAY[pg_temp.session(98)]);
    PERFORM pg_temp.expand();
    UPDATE heimdall.coverage_totals SET walked_at = NULL, walked_to = NULL;
    PERFORM * FROM heimdall.keep_coverage();
    PERFORM pg_temp.expect('not again', (SELECT count(*) FROM heimdall.change_notes), 0::bigint);
    TRUNCATE heimdall.measurement_features;
    PERFORM pg_temp.kept('truncated', true);
    PERFORM * FROM heimdall.enqueue_missing(250, true);
    WHILE (SELECT count(*) FROM heimdall.feature_queue) > 0 LOOP
        EXECUTE format('EXECUTE claim(%L, 14, NULL)', worker);
        FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' LOOP
            EXECUTE pg_temp.good(held.measurement_id, held.claim_id);
            EXECUTE format('EXECUTE settle_sessions(ARRAY[%L::uuid])', held.recording_session_id);
        END LOOP;
    END LOOP;
    PERFORM pg_temp.kept('stored again');
END $$;
ROLLBACK;
