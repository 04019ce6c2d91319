-- Backfill, sweep, retry, cancel.
\ir prepare.sql
BEGIN;
SET LOCAL session_replication_role = replica;  -- no triggers: history from before the installation
SELECT pg_temp.record(300);
UPDATE heimdall.recording_sessions SET status = 'completed';
SET LOCAL session_replication_role = origin;
DO $$
DECLARE
    b record; again record; worker uuid; held record; n bigint;
BEGIN
    SELECT * INTO b FROM heimdall.request_backfill(batch_size => 5, max_batches => 2);
    PERFORM pg_temp.expect('ten sessions of seven', (b.recordings_found, b.measurements_queued)::text, '(10,70)');
    PERFORM pg_temp.expect('the newest ones, newest first',
        (SELECT array_agg(DISTINCT recording_session_id ORDER BY recording_session_id) FROM heimdall.feature_queue),
        (SELECT array_agg(pg_temp.session(i) ORDER BY pg_temp.session(i)) FROM generate_series(291, 300) i));
    PERFORM pg_temp.expect('in the order of work too', (SELECT recording_session_id FROM heimdall.pending_features ORDER BY priority, id LIMIT 1), pg_temp.session(300));
    SELECT * INTO again FROM heimdall.request_backfill(since => '2020-01-12 00:00Z');
    PERFORM pg_temp.expect('the rest of a range of time', (again.recordings_found, again.measurements_queued)::text, '(27,189)');
    SELECT * INTO again FROM heimdall.request_backfill(station => 'Test 3');
    PERFORM pg_temp.expect('of one receiver', (again.recordings_found, again.measurements_queued)::text, '(263,263)');
    SELECT * INTO again FROM heimdall.request_backfill(batch_size => 3, max_batches => 1, station => md5('station4')::uuid::text);
    PERFORM pg_temp.expect('named by its id', (again.recordings_found, again.measurements_queued)::text, '(3,3)');
    PERFORM pg_temp.expect('of no receiver', (SELECT r.measurements_queued FROM heimdall.request_backfill(station => 'nobody') r), 0::bigint);
    SELECT * INTO again FROM heimdall.request_backfill();
    PERFORM pg_temp.expect('all that is left', (again.recordings_found, again.measurements_queued)::text, '(263,1575)');
    SELECT * INTO again FROM heimdall.request_backfill();
    PERFORM pg_temp.expect('a second call finds nothing', (again.recordings_found, again.measurements_queued)::text, '(0,0)');
    PERFORM pg_temp.expect('and is finished', (SELECT state || ' ' || percent FROM heimdall.backfill_progress p WHERE p.backfill_id = again.backfill_id), 'finished 100.00');
    PERFORM pg_temp.expect('the sweep finds nothing either', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(0,0)');

    -- Live measurements are claimed first.
    PERFORM pg_temp.record(0);
    INSERT INTO heimdall.recording_sessions (id, user_id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at)
    VALUES (pg_temp.session(1001), gen_random_uuid(), 'completed', 145000000, 12500, 1, timestamptz '2022-01-01 00:00Z');
    INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at) VALUES (pg_temp.measurement(1001, 1), 145000000, 'x', '2022-01-01 00:00Z');
    PERFORM pg_temp.expand();
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect('live before backfill', held.measurement_id, pg_temp.measurement(1001, 1));
    PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);

    -- Progress, and cancellation.
    EXECUTE format('EXECUTE claim(%L, 4, NULL)', worker);
    n := 0;
    FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' LIMIT 3 LOOP
        n := n + 1;
        EXECUTE CASE WHEN n = 1 THEN pg_temp.bad(held.measurement_id, held.claim_id) ELSE pg_temp.good(held.measurement_id, held.claim_id) END INTO again;
        PERFORM pg_temp.expect('counted by its backfill', again.backfill_id, b.backfill_id);
    END LOOP;
    PERFORM pg_temp.expect_rows('not finished by it', format('EXECUTE progress_backfills(%L, %L, %L)', ARRAY[b.backfill_id], ARRAY[2], ARRAY[1]), 0);
    SELECT * INTO again FROM heimdall.backfill_progress p WHERE p.backfill_id = b.backfill_id;
    PERFORM pg_temp.expect('progress', (again.state, again.total, again.done, again.failed, again.percent, again.requested_by)::text, format('(running,70,2,1,4.29,%s)', session_user));
    PERFORM pg_temp.expect('an end is estimated', again.estimated_end > clock_timestamp() AND again.rate_per_second > 0, true);
    SELECT * INTO again FROM heimdall.cancel_backfill(b.backfill_id);
    PERFORM pg_temp.expect('cancelled', again.measurements_cancelled, 66::bigint);
    PERFORM pg_temp.expect('what is in flight stays', (SELECT count(*) FROM heimdall.feature_queue q WHERE q.backfill_id = b.backfill_id), 1::bigint);
    SELECT * INTO held FROM heimdall.feature_queue WHERE state = 'claimed';
    EXECUTE pg_temp.good(held.measurement_id, held.claim_id);
    EXECUTE format('EXECUTE progress_backfills(%L, %L, %L)', ARRAY[b.backfill_id], ARRAY[1], ARRAY[0]) INTO again;
    PERFORM pg_temp.expect('finished by the last one', (again.backfill_id, again.total, again.done, again.failed)::text, (b.backfill_id, 4, 3, 1)::text);
    PERFORM pg_temp.expect('state', (SELECT state FROM heimdall.backfill_progress p WHERE p.backfill_id = b.backfill_id), 'cancelled');
    PERFORM pg_temp.expect_error('unknown backfill', format('SELECT heimdall.cancel_backfill(%L)', gen_random_uuid()), 'P0002');

    -- The sweep leaves alone what was cancelled, and what was recorded before the installation. It does not retry failures.
    PERFORM pg_temp.expect('cancelled stays cancelled', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(0,0)');
    DELETE FROM heimdall.cancelled_measurements;
    PERFORM pg_temp.expect('history', (SELECT s::text FROM heimdall.enqueue_missing(250) s), '(0,0)');
    PERFORM pg_temp.expect('limited', (SELECT s::text FROM heimdall.enqueue_missing(4, true) s), '(4,24)');
    PERFORM pg_temp.expect('the rest', (SELECT s::text FROM heimdall.enqueue_missing(250, true) s), '(6,42)');
    PERFORM pg_temp.expect('swept ahead of backfills', (SELECT count(*) FROM heimdall.feature_queue WHERE source = 'sweep' AND priority = 1), 66::bigint);
    UPDATE heimdall.sweep_state SET last_sweep_at = NULL;
    PERFORM pg_temp.expect_rows('one sweep', 'EXECUTE sweep(250, 60000, false)', 1);
    PERFORM pg_temp.expect_rows('no second sweep within the interval', 'EXECUTE sweep(250, 60000, false)', 0);

    UPDATE heimdall.sweep_state SET last_sweep_at = clock_timestamp() + interval '1 year';
    PERFORM pg_temp.expect_rows('one sweep although the clock was set back', 'EXECUTE sweep(250, 60000, false)', 1);

    -- Failures are queued again on request only.
    PERFORM pg_temp.expect('no failure of another kind', (SELECT r::text FROM heimdall.retry_failed('not_found') r), '(0,0)');
    PERFORM pg_temp.expect('no failure of an earlier time', (SELECT r::text FROM heimdall.retry_failed(until => clock_timestamp() - interval '1 h') r), '(0,0)');
    PERFORM pg_temp.expect('retried', (SELECT r::text FROM heimdall.retry_failed('invalid_format') r), '(1,1)');
    PERFORM pg_temp.expect('queued only once', (SELECT r::text FROM heimdall.retry_failed() r), '(0,0)');
    DELETE FROM heimdall.feature_queue;
    SELECT * INTO again FROM heimdall.request_backfill(include_failed => true, since => '2020-01-13 12:00Z', until => '2020-01-13 12:00:01Z');
    PERFORM pg_temp.expect('failed ones included', (again.recordings_found, again.measurements_queued)::text, '(1,4)');

    PERFORM pg_temp.expect_error('no batch', 'SELECT heimdall.request_backfill(0)', '22023');
    PERFORM pg_temp.expect_error('no batches', 'SELECT heimdall.request_backfill(50, 0)', '22023');
    PERFORM pg_temp.expect_error('until before since', $q$SELECT heimdall.request_backfill(since => '2020-01-02', until => '2020-01-01')$q$, '22023');
END $$;
ROLLBACK;
