-- A clock that was set back: nothing waits for a time that is far away.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(1);
SELECT pg_temp.complete(1);
DO $$
DECLARE
    worker uuid; got record;
BEGIN
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 2, NULL)', worker);
    UPDATE heimdall.feature_queue SET state = 'waiting', due_at = clock_timestamp() + interval '1 year' WHERE state = 'ready';
    EXECUTE 'EXECUTE promote_due' INTO got;
    PERFORM pg_temp.expect('due in a year', got.promoted, 5::bigint);

    -- A note that was put off for five seconds, before the clock was set back.
    UPDATE heimdall.measurements SET iq_data_location = 'again' WHERE id = pg_temp.measurement(1, 3);
    UPDATE heimdall.change_notes SET due_at = clock_timestamp() + interval '5 seconds';
    PERFORM pg_temp.expect('it waits', (SELECT notes FROM heimdall.expand_notes()), 0::bigint);
    UPDATE heimdall.change_notes SET due_at = clock_timestamp() + interval '1 day';
    PERFORM pg_temp.expect('it does not wait for a day', (SELECT notes FROM heimdall.expand_notes()), 1::bigint);
    UPDATE heimdall.measurements SET iq_data_location = 'once more' WHERE id = pg_temp.measurement(1, 3);
    UPDATE heimdall.change_notes SET due_at = 'infinity', failure = 'a fault';
    PERFORM pg_temp.expect('one that is set aside stays', (SELECT notes FROM heimdall.expand_notes()), 0::bigint);

    -- A lost daemon whose last heartbeat lies in the future has one lease left.
    UPDATE heimdall.worker_heartbeats SET beat_at = clock_timestamp() + interval '1 year';
    PERFORM pg_temp.expect_rows('it still has its lease', 'EXECUTE release_expired', 0);
    PERFORM pg_temp.expect('from now on', (SELECT beat_at <= clock_timestamp() FROM heimdall.worker_heartbeats), true);
    UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '31 seconds';
    PERFORM pg_temp.expect_rows('then it is taken over from', 'EXECUTE release_expired', 2);
END $$;
ROLLBACK;
