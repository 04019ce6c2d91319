-- Whatever is changed, all views say the same as a slow count of the tables.
\ir prepare.sql
BEGIN;
-- The truth: each measurement with its session by the rule, and with what the tables say of it. No view of ours is read.
CREATE FUNCTION pg_temp.truth() RETURNS TABLE (id uuid, session uuid, status text, at timestamptz, rx_id text, good boolean, failed boolean, queued text, recheck boolean, noted boolean) LANGUAGE sql AS $$
    SELECT m.id, s.id, s.status, m.created_at, st.name,
           EXISTS (SELECT FROM heimdall.measurement_features f WHERE f.measurement_id = m.id AND NOT f.extraction_failed),
           EXISTS (SELECT FROM heimdall.measurement_features f WHERE f.measurement_id = m.id AND f.extraction_failed),
           q.state, coalesce(q.recheck, false), EXISTS (SELECT FROM heimdall.change_notes n WHERE s.id = ANY (n.ids) AND n.kind = 'completed')
    FROM heimdall.measurements m
    LEFT JOIN heimdall.websdr_stations st ON st.id = m.websdr_station_id
    LEFT JOIN heimdall.feature_queue q ON q.measurement_id = m.id
    LEFT JOIN LATERAL (
        SELECT s.* FROM heimdall.recording_sessions s
        WHERE CASE WHEN m.recording_session_id IS NOT NULL THEN s.id = m.recording_session_id
                   ELSE m.created_at BETWEEN s.created_at AND s.created_at + s.duration_seconds * interval '1 second' END
        ORDER BY abs(s.frequency_hz - m.frequency_hz), s.created_at DESC, s.id DESC LIMIT 1
    ) s ON true
    WHERE m.iq_data_location IS NOT NULL
$$;
CREATE FUNCTION pg_temp.agree(what text) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    wanted text; more boolean;
BEGIN
    -- Sessions.
    WITH t AS (SELECT s.id, count(t.id) AS total, count(*) FILTER (WHERE t.good) AS good, count(*) FILTER (WHERE NOT t.good AND t.failed AND (t.queued IS NULL OR t.recheck)) AS failed,
                      count(*) FILTER (WHERE NOT t.good AND (t.queued IS NOT NULL AND NOT t.recheck OR NOT t.failed AND t.queued IS NULL AND t.noted)) AS pending
               FROM heimdall.recording_sessions s LEFT JOIN pg_temp.truth() t ON t.session = s.id WHERE s.status = 'completed' GROUP BY s.id)
    SELECT string_agg(t::text, ' ' ORDER BY t.id) INTO wanted FROM t;
    PERFORM pg_temp.expect(what || ': session_coverage', (SELECT string_agg((c.recording_session_id, c.total_measurements, c.measurements_with_features, c.measurements_failed, c.measurements_pending)::text, ' '
                                                                            ORDER BY c.recording_session_id) FROM heimdall.session_coverage c), wanted);
    SELECT (count(*), coalesce(sum(total_measurements), 0), coalesce(sum(measurements_with_features), 0), coalesce(sum(measurements_failed), 0), coalesce(sum(measurements_pending), 0))::text INTO wanted FROM heimdall.session_coverage;
    PERFORM pg_temp.expect(what || ': feature_coverage', (SELECT (total_recordings, total_measurements, measurements_with_features, measurements_failed, measurements_pending)::text FROM heimdall.feature_coverage), wanted);
    LOOP
        SELECT k.more INTO more FROM heimdall.keep_coverage() k;
        EXIT WHEN NOT more;
    END LOOP;
    PERFORM pg_temp.expect(what || ': feature_coverage, kept', (SELECT (total_recordings, total_measurements, measurements_with_features, measurements_failed, measurements_pending)::text FROM heimdall.feature_coverage), wanted);
    PERFORM pg_temp.expect(what || ': no difference', (SELECT sum(abs(difference)) FROM heimdall.recount_coverage()), 0::numeric);
    -- Measurements: each once, with its session and its state.
    SELECT string_agg((t.id, t.session, t.good, CASE WHEN t.session IS NULL THEN 'no session' WHEN t.queued = 'waiting' AND t.recheck THEN 'recheck' WHEN t.queued IS NOT NULL THEN t.queued WHEN t.good THEN 'done'
                                                     WHEN t.failed THEN 'failed' WHEN t.status = 'completed' THEN 'not queued' ELSE 'not completed' END)::text, ' ' ORDER BY t.id)
    INTO wanted FROM pg_temp.truth() t;
    PERFORM pg_temp.expect(what || ': measurement_status', (SELECT string_agg((s.measurement_id, CASE WHEN s.state <> 'no session' THEN s.recording_session_id END, s.has_features OR s.state = 'no session' AND EXISTS (
                                                                                   SELECT FROM heimdall.measurement_features f WHERE f.measurement_id = s.measurement_id AND NOT f.extraction_failed), s.state)::text, ' ' ORDER BY s.measurement_id)
                                                            FROM heimdall.measurement_status s WHERE s.state <> 'no object'), wanted);
    -- Samples: the features of each session, at the time of the measurement; also of a measurement that has been deleted.
    -- Of two in one second the later one.
    SELECT string_agg((d.measurement_id, d.recording_session_id, d.at)::text, ' ' ORDER BY d.measurement_id) INTO wanted
    FROM (SELECT DISTINCT ON (f.recording_session_id, f.rx_id, date_trunc('second', v.at)) f.measurement_id, f.recording_session_id, v.at
          FROM heimdall.measurement_features f LEFT JOIN pg_temp.truth() t ON t.id = f.measurement_id CROSS JOIN LATERAL (SELECT coalesce(t.at, f.timestamp) AS at) v
          WHERE NOT f.extraction_failed AND f.recording_session_id IN (SELECT s.id FROM heimdall.recording_sessions s)
          ORDER BY f.recording_session_id, f.rx_id, date_trunc('second', v.at), v.at DESC, f.measurement_id DESC) d;
    PERFORM pg_temp.expect(what || ': feature_samples', (SELECT string_agg((s.measurement_id, s.recording_session_id, s.measured_at)::text, ' ' ORDER BY s.measurement_id) FROM heimdall.feature_samples s), wanted);
    PERFORM pg_temp.expect(what || ': the session of a row', (SELECT count(*) FROM heimdall.measurement_features f JOIN pg_temp.truth() t ON t.id = f.measurement_id WHERE f.recording_session_id IS DISTINCT FROM t.session AND (t.good OR t.queued IS NULL)), 0::bigint);
    PERFORM pg_temp.expect(what || ': session_features', (SELECT string_agg((f.recording_session_id, f.second, f.num_receivers, cardinality(f.receiver_features))::text, ' ' ORDER BY f.recording_session_id, f.second) FROM heimdall.session_features f),
        (SELECT string_agg((g.recording_session_id, g.second, g.n, g.n)::text, ' ' ORDER BY g.recording_session_id, g.second) FROM (SELECT recording_session_id, second, count(*) AS n FROM heimdall.feature_samples GROUP BY 1, 2) g));
    PERFORM pg_temp.expect(what || ': receivers_missing', (SELECT string_agg((f.recording_session_id, f.receivers_missing)::text, ' ' ORDER BY f.recording_session_id) FROM heimdall.session_features f WHERE f.second = 0),
        (SELECT string_agg((f.recording_session_id, ARRAY(SELECT DISTINCT t.rx_id FROM pg_temp.truth() t WHERE t.session = f.recording_session_id AND t.rx_id <> ALL (ARRAY(SELECT r ->> 'rx_id' FROM unnest(f.receiver_features) r)) ORDER BY 1))::text, ' '
                           ORDER BY f.recording_session_id) FROM heimdall.session_features f WHERE f.second = 0));
    -- Failures, queue, backfills.
    PERFORM pg_temp.expect(what || ': feature_failures', (SELECT sum(failures) FROM heimdall.feature_failures), (SELECT nullif(count(*), 0)::numeric FROM heimdall.measurement_features WHERE extraction_failed));
    PERFORM pg_temp.expect(what || ': feature_backlog', (SELECT (total - noted, claimed, waiting)::text FROM heimdall.feature_backlog),
        (SELECT (count(*), count(*) FILTER (WHERE state = 'claimed'), count(*) FILTER (WHERE state = 'waiting'))::text FROM heimdall.feature_queue));
    PERFORM pg_temp.expect(what || ': pending_features', (SELECT count(*) FROM heimdall.pending_features), (SELECT count(*) FROM heimdall.feature_queue WHERE state = 'ready'));
    PERFORM pg_temp.expect(what || ': backfill_progress', (SELECT string_agg((total - done - failed, rechecking)::text, ' ' ORDER BY requested_at) FROM heimdall.backfill_progress WHERE finished_at IS NULL),
        (SELECT string_agg((n, again)::text, ' ' ORDER BY requested_at) FROM (SELECT b.requested_at, count(q.*) AS n, count(*) FILTER (WHERE q.recheck AND q.state = 'waiting') AS again
                                                                                  FROM heimdall.backfills b LEFT JOIN heimdall.feature_queue q USING (backfill_id) WHERE b.finished_at IS NULL GROUP BY b.backfill_id) b));
END $f$;
-- Works off everything that is ready: bad fails for good, gone is looked for again, the others get features.
CREATE FUNCTION pg_temp.work(bad uuid[] DEFAULT '{}', gone uuid[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    worker uuid; held record; stored record;
BEGIN
    PERFORM pg_temp.expand();
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 99, 30000, 16)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 99, NULL)', worker);
    FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' ORDER BY id LOOP
        EXECUTE CASE WHEN held.measurement_id = ANY (bad) THEN pg_temp.bad(held.measurement_id, held.claim_id)
                     WHEN held.measurement_id = ANY (gone) THEN pg_temp.bad(held.measurement_id, held.claim_id, 'not_found', 60000)
                     ELSE pg_temp.good(held.measurement_id, held.claim_id) END INTO stored;
        IF stored.backfill_id IS NOT NULL THEN
            EXECUTE format('EXECUTE progress_backfills(%L, %L, %L)', ARRAY[stored.backfill_id], ARRAY[CASE WHEN held.measurement_id = ANY (bad) THEN 0 ELSE 1 END], ARRAY[CASE WHEN held.measurement_id = ANY (bad) THEN 1 ELSE 0 END]);
        END IF;
    END LOOP;
    -- Half of the steps count, the others leave it to the view.
    IF cardinality(bad) = 0 THEN
        PERFORM * FROM heimdall.keep_backfills();
    END IF;
    PERFORM heimdall.sessions_changed(ARRAY(SELECT DISTINCT recording_session_id FROM heimdall.session_measurements));
END $f$;
DO $$
DECLARE
    b uuid;
BEGIN
    PERFORM pg_temp.record(6);
    PERFORM pg_temp.agree('recording');
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id IN (pg_temp.session(1), pg_temp.session(2), pg_temp.session(3));
    PERFORM pg_temp.agree('noted');
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('queued');
    PERFORM pg_temp.work(ARRAY[pg_temp.measurement(1, 1)], ARRAY[pg_temp.measurement(1, 2)]);
    PERFORM pg_temp.agree('extracted, failed, looked for again');

    UPDATE heimdall.measurements SET recording_session_id = pg_temp.session(2) WHERE id IN (pg_temp.measurement(1, 3), pg_temp.measurement(1, 1));
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('moved to another session');
    PERFORM pg_temp.work();
    UPDATE heimdall.measurements SET recording_session_id = NULL WHERE id = pg_temp.measurement(1, 3);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('moved back');
    UPDATE heimdall.measurements SET created_at = created_at + interval '300 ms' WHERE id = pg_temp.measurement(1, 4);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a corrected time');
    UPDATE heimdall.measurements SET created_at = created_at + interval '1 hour' WHERE id = pg_temp.measurement(1, 5);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.work();
    PERFORM pg_temp.agree('a time in another session');
    UPDATE heimdall.measurements SET created_at = '2021-01-01' WHERE id = pg_temp.measurement(1, 6);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a time in no session');
    UPDATE heimdall.measurements SET iq_data_location = 'other.bin' WHERE id IN (pg_temp.measurement(2, 1), pg_temp.measurement(2, 2));
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a replaced object');
    PERFORM pg_temp.work(ARRAY[pg_temp.measurement(2, 1)]);
    PERFORM pg_temp.agree('extracted, and failed beside features');
    PERFORM * FROM heimdall.extract_again(session => pg_temp.session(2));
    PERFORM pg_temp.agree('again');
    PERFORM pg_temp.work();
    PERFORM pg_temp.agree('extracted again');
    DELETE FROM heimdall.measurements WHERE id = pg_temp.measurement(2, 3);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a deleted measurement');
    UPDATE heimdall.measurements SET iq_data_location = NULL WHERE id = pg_temp.measurement(2, 4);
    PERFORM pg_temp.expand();
    PERFORM heimdall.recount_coverage();
    UPDATE heimdall.measurements SET iq_data_location = '2/4.bin' WHERE id = pg_temp.measurement(2, 4);
    PERFORM pg_temp.work();
    PERFORM pg_temp.agree('without an object for a while');

    -- A backfill, of which one is cancelled, one fails and one is looked for again.
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id IN (pg_temp.session(4), pg_temp.session(5));
    DELETE FROM heimdall.change_notes;
    SELECT backfill_id INTO b FROM heimdall.request_backfill();
    PERFORM pg_temp.agree('a backfill');
    PERFORM heimdall.cancel_measurement(pg_temp.measurement(4, 1));
    PERFORM pg_temp.agree('one cancelled');
    PERFORM pg_temp.work(ARRAY[pg_temp.measurement(4, 2)], ARRAY[pg_temp.measurement(4, 3)]);
    PERFORM pg_temp.agree('worked off');
    PERFORM pg_temp.expect('only a recheck is left', (SELECT (state, total, done, failed, rechecking, cancelled)::text FROM heimdall.backfill_progress), '(rechecking,13,11,1,1,1)');
    PERFORM heimdall.pause_extraction();
    PERFORM pg_temp.expect('no end while paused', (SELECT (state, estimated_end)::text FROM heimdall.backfill_progress), '(paused,)');
    PERFORM heimdall.resume_extraction();
    PERFORM heimdall.cancel_backfill(b);
    PERFORM pg_temp.agree('the backfill cancelled');
    PERFORM heimdall.keep_backfills();
    PERFORM pg_temp.expect('its end', (SELECT (state, total, done, failed, rechecking, cancelled, finished_at IS NOT NULL)::text FROM heimdall.backfill_progress), '(cancelled,12,11,1,0,2,t)');
    PERFORM heimdall.retry_measurement(pg_temp.measurement(4, 1));
    PERFORM pg_temp.agree('tried all the same');
    PERFORM * FROM heimdall.retry_failed();
    PERFORM pg_temp.agree('failures again');
    PERFORM pg_temp.work();
    PERFORM pg_temp.agree('all done');

    UPDATE heimdall.recording_sessions SET created_at = created_at + interval '20 ms' WHERE id = pg_temp.session(4);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a window that leaves two out');
    UPDATE heimdall.recording_sessions SET status = 'failed' WHERE id = pg_temp.session(3);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('not completed any more');
    DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(5);
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a deleted session');
    WITH gone AS (DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(2) RETURNING created_at)
    DELETE FROM heimdall.measurements m USING gone WHERE m.created_at BETWEEN gone.created_at AND gone.created_at + interval '1 s';
    PERFORM pg_temp.expand();
    PERFORM pg_temp.agree('a session deleted with its measurements');
    PERFORM * FROM heimdall.purge_features(orphans_only => true);
    PERFORM pg_temp.agree('without orphans');
END $$;
ROLLBACK;
