-- count_queue() counts correctly, and not more often than it should, however often it is called.
\ir prepare.sql
BEGIN;
DO $$
DECLARE
    got text;
BEGIN
    PERFORM pg_temp.expect('an empty queue', (SELECT count(*) FROM heimdall.count_queue() WHERE source IS NOT NULL), 0::bigint);
    INSERT INTO heimdall.feature_queue (measurement_id, recording_session_id, measured_at, source, priority, state, due_at, enqueued_at)
    SELECT gen_random_uuid(), gen_random_uuid(), now(), 'live', 0, s, CASE s WHEN 'waiting' THEN now() END, now() - n * interval '1 minute'
    FROM generate_series(1, 3) n, unnest(ARRAY['ready', 'waiting']) s WHERE s = 'ready' OR n = 1;

    PERFORM pg_temp.expect('called again immediately', (SELECT count(*) FROM heimdall.count_queue() WHERE source IS NOT NULL), 0::bigint);
    UPDATE heimdall.queue_depth SET counted_at = clock_timestamp() - interval '0.5 seconds', took_ms = 0;
    PERFORM pg_temp.expect('after half a second', (SELECT count(*) FROM heimdall.count_queue() WHERE source IS NOT NULL), 0::bigint);
    UPDATE heimdall.queue_depth SET counted_at = clock_timestamp() - interval '49 seconds', took_ms = 1000;
    PERFORM pg_temp.expect('49 s after a count of 1 s', (SELECT count(*) FROM heimdall.count_queue() WHERE source IS NOT NULL), 0::bigint);
    UPDATE heimdall.queue_depth SET counted_at = clock_timestamp() - interval '51 seconds', took_ms = 1000;
    SELECT string_agg(source || ' ' || state || ' ' || measurements || ' ' || (now() - oldest_at), ', ' ORDER BY state) INTO got
    FROM heimdall.count_queue();
    PERFORM pg_temp.expect('51 s after it', got, 'live ready 3 00:03:00, live waiting 1 00:01:00');
    PERFORM pg_temp.expect('what it took is kept', (SELECT took_ms > 0 AND took_ms < 1000 FROM heimdall.queue_depth), true);

    -- After a clock was set back, counting goes on.
    DELETE FROM heimdall.feature_queue WHERE state = 'ready';
    UPDATE heimdall.queue_depth SET counted_at = clock_timestamp() + interval '1 hour';
    PERFORM pg_temp.expect('counted in the future', (SELECT sum(measurements)::bigint FROM heimdall.count_queue()), 1::bigint);
END $$;
ROLLBACK;
