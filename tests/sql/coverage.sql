-- Each measurement is counted once. A session with features of one measurement of seven is not complete.
\ir prepare.sql
BEGIN;
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
    PERFORM pg_temp.expect('by totals alone', (SELECT certain FROM heimdall.total_coverage()), true);
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

    PERFORM pg_temp.expect('totals that are not certain', (SELECT certain FROM heimdall.total_coverage()), false);
    SELECT * INTO c FROM heimdall.feature_coverage;
    PERFORM pg_temp.expect('the sum of the sessions', (c.total_measurements, c.measurements_with_features, c.measurements_without_features, c.measurements_failed, c.measurements_pending)::text,
        (SELECT (sum(total_measurements), sum(measurements_with_features), sum(measurements_without_features), sum(measurements_failed), sum(measurements_pending))::text FROM heimdall.session_coverage));
    PERFORM pg_temp.expect('with and without make the total', c.measurements_with_features + c.measurements_without_features, c.total_measurements);
    PERFORM pg_temp.expect('failures by kind', (SELECT array_agg(error_kind || ' ' || failures ORDER BY error_kind) FROM heimdall.feature_failures), ARRAY['invalid_format 5', 'not_found 1']);

    -- The training sample: one row with the objects of all receivers.
    PERFORM pg_temp.expect('session_features', (SELECT (segment_index, num_receivers, num_receivers_detected, cardinality(receiver_features), mean_snr_db)::text
                                                FROM heimdall.session_features WHERE recording_session_id = pg_temp.session(1)), '(0,6,6,6,20)');
END $$;
ROLLBACK;
