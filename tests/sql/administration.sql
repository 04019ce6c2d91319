-- What an administrator asks and does about one measurement, one session, or all of history.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(4);
CREATE FUNCTION pg_temp.status(i integer, k integer) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('|', state, reason, attempts, has_features, error_kind) FROM heimdall.status_of(pg_temp.measurement(i, k))
$$;
CREATE FUNCTION pg_temp.state(i integer, k integer) RETURNS text LANGUAGE sql AS $$ SELECT state FROM heimdall.measurement_status WHERE measurement_id = pg_temp.measurement(i, k) $$;
-- The views agree: the states of a session are its counts.
CREATE FUNCTION pg_temp.agree(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.expect(what || ': measurement_status and session_coverage',
        (SELECT string_agg((s.recording_session_id, s.n, s.good, s.failed)::text, ' ' ORDER BY s.recording_session_id)
         FROM (SELECT recording_session_id, count(*) AS n, count(*) FILTER (WHERE has_features) AS good,
                      count(*) FILTER (WHERE state IN ('failed', 'recheck') AND NOT has_features) AS failed
               FROM heimdall.measurement_status WHERE state NOT IN ('no object', 'no session', 'not completed') GROUP BY 1) s),
        (SELECT string_agg((c.recording_session_id, c.total_measurements, c.measurements_with_features, c.measurements_failed)::text, ' ' ORDER BY c.recording_session_id)
         FROM heimdall.session_coverage c WHERE c.total_measurements > 0));
    PERFORM heimdall.recount_coverage();
END $$;
DO $$
DECLARE
    worker uuid; held record; got record; b uuid;
BEGIN
    UPDATE heimdall.measurements SET iq_data_location = NULL WHERE id = pg_temp.measurement(4, 1);
    UPDATE heimdall.measurements SET created_at = '2020-06-01' WHERE id = pg_temp.measurement(4, 2);
    PERFORM pg_temp.expect('one that records', pg_temp.status(1, 1), 'not completed|the session is recording|0|f');
    PERFORM pg_temp.expect('without an object', pg_temp.status(4, 1), 'no object|iq_data_location is NULL|0|f');
    PERFORM pg_temp.expect('without a session', pg_temp.state(4, 2), 'no session');
    PERFORM pg_temp.expect('unknown', pg_temp.state(9, 9), NULL);
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expect('noted', pg_temp.status(1, 1), 'not queued|its session has just completed|0|f');
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('ready', pg_temp.status(1, 1), 'ready|queued by live, priority 0|0|f');
    PERFORM pg_temp.agree('ready');

    EXECUTE $q$EXECUTE register_worker('host', 77, '0', 14, 30000, 13)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 7, NULL)', worker);
    PERFORM pg_temp.expect('claimed', pg_temp.status(1, 1), 'claimed|host (pid 77) works on it, attempt 1|1|f');
    PERFORM pg_temp.expect_error('a claimed one is not cancelled', format('SELECT heimdall.cancel_measurement(%L)', pg_temp.measurement(1, 1)), '55000');
    PERFORM pg_temp.expect_error('nor tried again', format('SELECT heimdall.retry_measurement(%L)', pg_temp.measurement(1, 1)), '55000');
    FOR held IN SELECT * FROM heimdall.feature_queue LOOP
        EXECUTE CASE WHEN held.measurement_id = pg_temp.measurement(1, 1) THEN pg_temp.bad(held.measurement_id, held.claim_id, 'too_short')
                     WHEN held.measurement_id = pg_temp.measurement(1, 2) THEN pg_temp.bad(held.measurement_id, held.claim_id, 'not_found', 60000)
                     WHEN held.measurement_id = pg_temp.measurement(1, 3) THEN format('EXECUTE retry_later(%L, %s, 60000)', held.measurement_id, held.claim_id)
                     ELSE pg_temp.good(held.measurement_id, held.claim_id) END;
    END LOOP;
    PERFORM pg_temp.expect('failed', pg_temp.status(1, 1), 'failed|message|1|f|too_short');
    PERFORM pg_temp.expect('recheck', pg_temp.status(1, 2), 'recheck|message|1|f|not_found');
    PERFORM pg_temp.expect('waiting', pg_temp.state(1, 3), 'waiting');
    PERFORM pg_temp.expect('its next try', (SELECT next_try_at > clock_timestamp() FROM heimdall.measurement_status WHERE measurement_id = pg_temp.measurement(1, 3)), true);
    PERFORM pg_temp.expect('done', pg_temp.status(1, 4), 'done|1|t');
    PERFORM pg_temp.expect('by session', (SELECT string_agg(format('%s %s', state, n), ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM heimdall.measurement_status WHERE recording_session_id = pg_temp.session(1) GROUP BY 1) s), 'done 4, failed 1, recheck 1, waiting 1');
    PERFORM pg_temp.expect('the function is the view', (SELECT string_agg(s::text, ' ' ORDER BY s.measurement_id) FROM heimdall.status_of(session => pg_temp.session(1)) s),
        (SELECT string_agg(s::text, ' ' ORDER BY s.measurement_id) FROM heimdall.measurement_status s WHERE s.recording_session_id = pg_temp.session(1)));
    PERFORM pg_temp.expect_error('of nothing', 'SELECT heimdall.status_of()', '22023');
    PERFORM pg_temp.agree('results');

    -- One measurement.
    PERFORM pg_temp.expect('a failed one', heimdall.retry_measurement(pg_temp.measurement(1, 1)), 'queued');
    PERFORM pg_temp.expect('a recheck', heimdall.retry_measurement(pg_temp.measurement(1, 2)), 'ready');
    PERFORM pg_temp.expect('a waiting one', heimdall.retry_measurement(pg_temp.measurement(1, 3)), 'ready');
    PERFORM pg_temp.expect('all ready, with all their tries', (SELECT string_agg(concat_ws(' ', state, attempt, recheck), ', ') FROM heimdall.feature_queue), 'ready 0 f, ready 0 f, ready 0 f');
    PERFORM pg_temp.expect_error('one with features', format('SELECT heimdall.retry_measurement(%L)', pg_temp.measurement(1, 4)), '55000');
    PERFORM pg_temp.expect_error('one that does not exist', format('SELECT heimdall.retry_measurement(%L)', pg_temp.measurement(9, 9)), 'P0002');
    PERFORM pg_temp.expect('cancelled', heimdall.cancel_measurement(pg_temp.measurement(1, 3)), true);
    PERFORM pg_temp.expect('not queued', heimdall.cancel_measurement(pg_temp.measurement(1, 3)), false);
    PERFORM pg_temp.expect('who cancelled it', pg_temp.status(1, 3) LIKE 'not queued|cancelled by %', true);
    PERFORM pg_temp.expect('the sweep leaves it alone', (SELECT measurements_queued FROM heimdall.enqueue_missing(250, true)), 0::bigint);
    PERFORM pg_temp.expect('but it can be tried', heimdall.retry_measurement(pg_temp.measurement(1, 3)), 'queued');
    PERFORM pg_temp.agree('one by one');

    -- A backfill: cancelled ones are counted, and a session can be put first.
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id IN (pg_temp.session(2), pg_temp.session(3));
    DELETE FROM heimdall.change_notes;
    SELECT backfill_id INTO b FROM heimdall.request_backfill();
    PERFORM pg_temp.expect('put first', heimdall.prioritise(pg_temp.session(2)), 7::bigint);
    PERFORM pg_temp.expect('once', heimdall.prioritise(pg_temp.session(2)), 0::bigint);
    PERFORM heimdall.cancel_measurement(pg_temp.measurement(2, 1));
    PERFORM heimdall.pause_extraction('test');
    PERFORM heimdall.pause_extraction();
    PERFORM pg_temp.expect('the reason stays', (SELECT pause_reason FROM heimdall.extraction_control), 'test');
    PERFORM pg_temp.expect('progress while paused', (SELECT (state, total, cancelled)::text FROM heimdall.backfill_progress), '(paused,13,1)');
    PERFORM heimdall.resume_extraction();
    PERFORM heimdall.cancel_backfill(b);
    PERFORM pg_temp.expect('progress when cancelled', (SELECT (state, total, cancelled)::text FROM heimdall.backfill_progress), '(cancelled,0,14)');
    PERFORM pg_temp.agree('cancelled');

    -- Again: the old features stand until the new ones replace them, and when the new extraction fails.
    PERFORM pg_temp.expect_error('without a condition', 'SELECT heimdall.extract_again()', '22023');
    PERFORM pg_temp.expect_error('no version', 'SELECT heimdall.extract_again(extractor_before => ''new'')', '22023');
    PERFORM pg_temp.expect('a session', (SELECT (recordings_found, measurements_queued)::text FROM heimdall.extract_again(session => pg_temp.session(1))), '(1,4)');
    PERFORM pg_temp.expect('once', (SELECT measurements_queued FROM heimdall.extract_again(measurement => pg_temp.measurement(1, 4))), 0::bigint);
    PERFORM pg_temp.expect('queued, with features', pg_temp.status(1, 4), 'ready|queued by retry, priority 1|0|t');
    PERFORM pg_temp.agree('again');
    EXECUTE format('EXECUTE claim(%L, 14, NULL)', worker);
    FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' LOOP
        EXECUTE CASE WHEN held.measurement_id = pg_temp.measurement(1, 4) THEN pg_temp.bad(held.measurement_id, held.claim_id, 'invalid_format') ELSE pg_temp.good(held.measurement_id, held.claim_id) END;
    END LOOP;
    PERFORM pg_temp.expect('failed beside features', pg_temp.status(1, 4), 'done|the features are of an earlier extraction; the last one failed: message|1|t|invalid_format');
    UPDATE heimdall.measurement_features SET extraction_metadata = jsonb_build_object('extractor_version', CASE measurement_id WHEN pg_temp.measurement(1, 5) THEN '0.10.0' ELSE '0.9.1' END);
    PERFORM pg_temp.expect('an older extractor, by number', (SELECT measurements_queued FROM heimdall.extract_again(extractor_before => '0.10', station => md5('station5')::uuid)), 0::bigint);
    PERFORM pg_temp.expect('a station', (SELECT measurements_queued FROM heimdall.extract_again(extractor_before => '0.10', station => md5('station6')::uuid)), 1::bigint);
    PERFORM pg_temp.expect('a time', (SELECT measurements_queued FROM heimdall.extract_again(until => '2020-01-01 01:00:00.045Z')), 4::bigint);
    PERFORM pg_temp.agree('parts');

    -- Only what has changed: the claim has the ETag of the features, if all else is as it was.
    DELETE FROM heimdall.feature_queue;
    UPDATE heimdall.measurement_features SET extraction_metadata = extraction_metadata || jsonb_build_object('object_etag', 'of-' || to_char(timestamp, 'MS'));
    UPDATE heimdall.measurement_features SET source_fingerprint = 0 WHERE measurement_id = pg_temp.measurement(1, 3);
    UPDATE heimdall.measurement_features SET extraction_metadata = extraction_metadata - 'object_etag' WHERE measurement_id = pg_temp.measurement(1, 2);
    PERFORM pg_temp.expect('only changed ones', (SELECT measurements_queued FROM heimdall.extract_again(session => pg_temp.session(1), only_changed => true)), 7::bigint);
    PERFORM pg_temp.expect('once', (SELECT measurements_queued FROM heimdall.extract_again(session => pg_temp.session(1), only_changed => true)), 0::bigint);
    PERFORM pg_temp.expect('one is extracted all the same', (SELECT measurements_queued FROM heimdall.extract_again(measurement => pg_temp.measurement(1, 5))), 1::bigint);
    PERFORM pg_temp.expect('tags of the claim', (SELECT string_agg(coalesce(c.known_etag, 'none'), ' ' ORDER BY c.known_etag) FROM heimdall.claim_measurements(worker, 14) c), 'of-010 of-040 of-060 of-070 none none none');
    PERFORM pg_temp.expect('a claimed one is extracted all the same', (SELECT measurements_queued FROM heimdall.extract_again(measurement => pg_temp.measurement(1, 6))), 1::bigint);
    PERFORM pg_temp.expect('and its claim ends', (SELECT (state, claim_id, only_changed)::text FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(1, 6)), '(ready,,f)');
    FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' LOOP
        EXECUTE format('EXECUTE keep_features(%L, %s)', held.measurement_id, held.claim_id);
    END LOOP;
    PERFORM pg_temp.expect('kept', pg_temp.status(1, 1), 'done|1|t');
    PERFORM pg_temp.agree('kept');

    -- Kinds.
    PERFORM pg_temp.expect_error('an unknown kind', 'SELECT heimdall.retry_failed(''object_missing'')', '22023');
    PERFORM * FROM heimdall.retry_failed('too_short');
    DELETE FROM heimdall.feature_queue;
    UPDATE heimdall.measurement_features SET receiver_features = '{}', mean_snr_db = NULL, extraction_failed = true, error_kind = 'not_found', error_message = 'x', last_error_kind = NULL WHERE measurement_id = pg_temp.measurement(1, 7);
    INSERT INTO heimdall.feature_queue (measurement_id, recording_session_id, measured_at, state, due_at, attempt, recheck, source, priority)
    VALUES (pg_temp.measurement(1, 7), pg_temp.session(1), '2020-01-01 01:00:00.07Z', 'waiting', clock_timestamp() + interval '1 minute', 1, true, 'live', 0);
    PERFORM pg_temp.expect('failures that wait for their recheck', (SELECT measurements_queued FROM heimdall.retry_failed('not_found')), 1::bigint);
    PERFORM pg_temp.expect('are tried now', (SELECT (state, attempt, recheck, priority)::text FROM heimdall.feature_queue), '(ready,0,f,0)');
    PERFORM pg_temp.expect('once', (SELECT measurements_queued FROM heimdall.retry_failed('not_found')), 0::bigint);
    PERFORM pg_temp.agree('rechecks');

    -- Retention.
    DELETE FROM heimdall.feature_queue;
    PERFORM pg_temp.expect_error('nothing named', 'SELECT heimdall.purge_features()', '22023');
    DELETE FROM heimdall.measurements WHERE id IN (pg_temp.measurement(1, 5), pg_temp.measurement(1, 6));
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('an orphan, one at a time', (SELECT p::text FROM heimdall.purge_features(orphans_only => true, max_rows => 1) p), '(1,t)');
    PERFORM pg_temp.expect('and the other', (SELECT p::text FROM heimdall.purge_features(orphans_only => true) p), '(1,f)');
    PERFORM pg_temp.expect('none before that time', (SELECT p::text FROM heimdall.purge_features(older_than => '2020-01-01') p), '(0,f)');
    PERFORM pg_temp.expect('by time', (SELECT p::text FROM heimdall.purge_features(older_than => '2021-01-01') p), '(5,f)');
    UPDATE heimdall.sweep_state SET history_before = greatest(history_before, '2021-01-01');
    PERFORM pg_temp.expect('the sweep leaves them alone', (SELECT measurements_queued FROM heimdall.enqueue_missing()), 0::bigint);
    PERFORM heimdall.purge_features(older_than => 'infinity');
    PERFORM pg_temp.expect('the sweep finds what comes from now on', (SELECT history_before <= clock_timestamp() FROM heimdall.sweep_state), true);
    PERFORM pg_temp.agree('purged');
END $$;
SELECT pg_temp.expect('kinds', (SELECT count(*) FROM heimdall.feature_error_kinds WHERE meaning <> '' AND what_to_do <> ''), 9::bigint);
ROLLBACK;
