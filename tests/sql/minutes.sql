-- feature_minutes: a daemon adds to its own row of the minute, old rows go, and a reader sees what the reports need.
\ir prepare.sql
\set q `cat sql/queries/record_minute.sql`
PREPARE record_minute AS :q
\set q `cat sql/queries/status_throughput.sql`
PREPARE throughput AS :q
\set q `cat sql/queries/status_workers.sql`
PREPARE workers AS :q
\set q `cat sql/queries/status_session.sql`
PREPARE session AS :q
\set q `cat sql/queries/status_measurement.sql`
PREPARE measurement AS :q
\set q `cat sql/queries/status_queue.sql`
PREPARE queue AS :q
\set q `cat sql/queries/status_overview.sql`
PREPARE overview AS :q
\set q `cat sql/queries/status_failures.sql`
PREPARE failures AS :q
\set q `cat sql/queries/status_backfills.sql`
PREPARE backfills AS :q
BEGIN;
SELECT pg_temp.record(2);
SELECT pg_temp.complete(1);
CREATE FUNCTION pg_temp.report(statement text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXECUTE ' || statement; END $$;

EXECUTE record_minute('00000000-0000-0000-0000-000000000001', '{1,2,3,4,5,6,7}', 100, 0.5, 0.25, '{0,0,3}');
EXECUTE record_minute('00000000-0000-0000-0000-000000000001', '{1,0,0,0,0,0}', 100, 0.5, 0.25, '{1,0,3,0,5}');
EXECUTE record_minute('00000000-0000-0000-0000-000000000002', '{10,0,0,0,0,0}', 0, 0, 0, '{}');
DO $$
BEGIN
    PERFORM pg_temp.expect('both calls are in one row', (SELECT row(extracted, failed, postponed, given_back, forgotten, missing, unchanged, read_bytes, fetch_s, extract_s, latency)::text
        FROM heimdall.feature_minutes WHERE worker_id = '00000000-0000-0000-0000-000000000001'), '(2,2,3,4,5,6,7,200,1,0.5,"{1,0,6,0,5}")');
    PERFORM pg_temp.expect('each daemon has its row', (SELECT count(*) FROM heimdall.feature_minutes), 2::bigint);
    INSERT INTO heimdall.feature_minutes (minute, worker_id)
    SELECT now() - interval '8 days' - n * interval '1 minute', gen_random_uuid() FROM generate_series(1, 150) n;
    INSERT INTO heimdall.feature_minutes (minute, worker_id, failed, latency) VALUES (now() - interval '7 days', gen_random_uuid(), 7, '{7}'), (now() - interval '2 hours', gen_random_uuid(), 7, '{7}');
END $$;
EXECUTE record_minute('00000000-0000-0000-0000-000000000002', '{10,0,0,0,0,0}', 0, 0, 0, '{1}');
EXECUTE record_minute('00000000-0000-0000-0000-000000000002', '{10,0,0,0,0,0}', 0, 0, 0, '{}');
SET LOCAL ROLE heimdall_reader;
DO $$
DECLARE
    got jsonb;
BEGIN
    PERFORM pg_temp.expect('rows of more than eight days are gone', (SELECT count(*) FROM heimdall.feature_minutes), 4::bigint);
    SELECT jsonb_agg(r) INTO got FROM pg_temp.report('throughput(3600, 3600)') r;
    PERFORM pg_temp.expect('the sums of the last hour', (SELECT sum((g ->> 'extracted')::int) || ' ' || sum((g ->> 'failed')::int) FROM jsonb_array_elements(got) g), '32 2');
    PERFORM pg_temp.expect('and its times', (SELECT jsonb_agg(l ORDER BY l) FROM jsonb_array_elements(got) g, jsonb_array_elements(g -> 'latency') l), '[[1, 2], [3, 6], [5, 5]]');
    PERFORM pg_temp.expect('the last day has more', (SELECT sum((r ->> 'failed')::int) FROM pg_temp.report('throughput(86400, 900)') r), 9::bigint);

    SELECT r INTO got FROM pg_temp.report(format('session(%L, 3)', pg_temp.session(1))) r;
    PERFORM pg_temp.expect('a session', concat_ws(' ', got ->> 'status', got ->> 'coverage', got ->> 'measurements', jsonb_array_length(got -> 'receivers'), got -> 'receivers' -> 0 ->> 'rx_id', got -> 'receivers' -> 0 ->> 'state'), 'completed pending 7 3 Test 1 ready');
    SELECT r INTO got FROM pg_temp.report(format('session(%L, 3)', pg_temp.session(2))) r;
    PERFORM pg_temp.expect('a session that records', concat_ws(' ', got ->> 'status', got ->> 'is_completed', got -> 'receivers' -> 0 ->> 'state'), 'recording false not completed');
    PERFORM pg_temp.expect('no session', (SELECT count(*) FROM pg_temp.report(format('session(%L, 3)', gen_random_uuid()))), 0::bigint);
    SELECT r INTO got FROM pg_temp.report(format('measurement(%L, 3)', pg_temp.measurement(1, 1))) r;
    PERFORM pg_temp.expect('a measurement', concat_ws(' ', got -> 'status' ->> 'state', got -> 'recording' ->> 'rx_id', got ->> 'total_segments', got -> 'result'), 'ready Test 1 0 null');
    PERFORM pg_temp.expect('the queue', (SELECT string_agg(concat_ws(' ', r ->> 'source', r ->> 'state', r ->> 'measurements'), ', ') FROM pg_temp.report('queue') r), 'live ready 7');
    PERFORM pg_temp.expect('the whole', (SELECT concat_ws(' ', r -> 'coverage' ->> 'measurements_pending', r ->> 'pause') FROM pg_temp.report('overview') r), '7');
    PERFORM pg_temp.expect('no failures, daemons, backfills', (SELECT count(*) FROM (SELECT pg_temp.report('failures') UNION ALL SELECT pg_temp.report('workers') UNION ALL SELECT pg_temp.report('backfills(NULL)')) r), 0::bigint);
END $$;
RESET ROLE;
-- A lost daemon with claims, failures and what is parked.
DO $$
DECLARE
    got jsonb;
BEGIN
    UPDATE heimdall.feature_queue SET state = 'claimed', claim_id = 1, worker_id = '00000000-0000-0000-0000-000000000009', claimed_at = now(), attempt = 1
    WHERE measurement_id = pg_temp.measurement(1, 2);
    UPDATE heimdall.feature_queue SET state = 'waiting', due_at = 'infinity' WHERE measurement_id = pg_temp.measurement(1, 3);
    INSERT INTO heimdall.extracted_features (timestamp, measurement_id, receiver_features, overall_confidence, num_receivers_detected, extraction_failed, error_kind, error_message)
    VALUES (now(), pg_temp.measurement(1, 4), '{}', 0, 0, true, 'not_found', 'first'), (now(), pg_temp.measurement(1, 5), '{}', 0, 0, true, 'not_found', 'second'),
           (now(), pg_temp.measurement(1, 6), '{}', 0, 0, true, 'too_short', 'short');
    UPDATE heimdall.queue_depth SET counted_at = NULL;
    SELECT r INTO got FROM pg_temp.report('workers') r;
    PERFORM pg_temp.expect('a lost daemon', concat_ws(' ', got ->> 'is_alive', got ->> 'claimed', got -> 'in_hand' -> 0 ->> 'rx_id'), 'false 1 Test 2');
    PERFORM pg_temp.expect('parked ones count twice', (SELECT string_agg(concat_ws(' ', r ->> 'source', r ->> 'state', r ->> 'measurements'), ', ') FROM pg_temp.report('queue') r),
        'live claimed 1, live ready 5, live waiting 1, parked waiting 1');
    PERFORM pg_temp.expect('failures by kind', (SELECT string_agg(concat_ws(' ', r ->> 'error_kind', r ->> 'failures'), ', ') FROM pg_temp.report('failures') r), 'not_found 2, too_short 1');
END $$;
ROLLBACK;
