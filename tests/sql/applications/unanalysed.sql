-- A database after a bulk load, before the first ANALYZE: the planner knows nothing of the tables, and no statement of the
-- daemon may read all sessions for it.
\ir ../prepare.sql
BEGIN;
CREATE FUNCTION pg_temp.buffers(command text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || command INTO plan;
    RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END $$;
CREATE FUNCTION pg_temp.expect_few(what text, got bigint, bound bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT coalesce(got < bound, false) THEN
        RAISE EXCEPTION '%: % buffers, not below %', what, got, bound;
    END IF;
END $$;
-- The statements of one session, and the bounds of their buffers: none for the first session, whose statements also fill
-- the caches of the connection.
CREATE FUNCTION pg_temp.extract(i integer, worker uuid, bounds bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(i);
    PERFORM pg_temp.expect_few('expand a session', pg_temp.buffers('SELECT * FROM heimdall.expand_notes()'), bounds[1]);
    UPDATE heimdall.measurements SET iq_data_location = 'again' WHERE id = pg_temp.measurement(i, 3);
    PERFORM pg_temp.expect_few('expand a measurement', pg_temp.buffers('SELECT * FROM heimdall.expand_notes()'), bounds[2]);
    PERFORM pg_temp.expect_few('claim', pg_temp.buffers(format('SELECT * FROM heimdall.claim_measurements(%L, 3)', worker)), bounds[3]);
    PERFORM pg_temp.expect_few('settle', pg_temp.buffers(format('SELECT * FROM heimdall.settle_sessions(ARRAY[%L::uuid])', pg_temp.session(i))), bounds[4]);
    PERFORM pg_temp.expect_few('count a session', pg_temp.buffers(format('SELECT * FROM heimdall.count_session(%L)', pg_temp.session(i))), bounds[5]);
END $$;
SELECT pg_temp.record(3);
DO $$
DECLARE
    worker uuid; plan text;
BEGIN
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 16, 30000, 11)$q$ INTO worker;
    PERFORM pg_temp.extract(1, worker, array_fill(100000, ARRAY[5])::bigint[]);
    -- The tables were small when the statements were planned, and nothing plans them again.
    SET LOCAL session_replication_role = replica;
    DELETE FROM heimdall.measurements WHERE created_at > '2020-01-01 01:30Z';
    DELETE FROM heimdall.recording_sessions WHERE created_at > '2020-01-01 01:30Z';
    INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
    SELECT pg_temp.session(i), 'recording', 145000000, 1, timestamptz '2020-01-01 00:00Z' + i * interval '1 hour'
    FROM generate_series(2, 20000) i;
    INSERT INTO heimdall.measurements (id, websdr_station_id, frequency_hz, iq_data_location, created_at)
    SELECT pg_temp.measurement(i, k), md5('station' || k)::uuid, 145000000, i || '/' || k || '.bin',
           timestamptz '2020-01-01 00:00Z' + i * interval '1 hour' + k * interval '10 ms'
    FROM generate_series(2, 20000) i, generate_series(1, CASE WHEN i BETWEEN 1990 AND 2010 THEN 7 ELSE 1 END) k;
    SET LOCAL session_replication_role = DEFAULT;
    PERFORM pg_temp.extract(2000, worker, ARRAY[400, 300, 250, 50, 300]);
    -- An index that finds the measurements of no named session would find nearly all of them.
    DROP INDEX heimdall.heimdall_measurements_created_at_idx;
    SET LOCAL enable_seqscan = off;
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT * FROM heimdall.session_measurements WHERE recording_session_id = %L', pg_temp.session(2000)) INTO plan;
    PERFORM pg_temp.expect('no search for NULL', plan LIKE '%"Index Cond": "(recording_session_id IS NULL)"%', false);
    PERFORM pg_temp.expect('claimed', (SELECT count(*) FROM heimdall.feature_queue WHERE state = 'claimed'), 6::bigint);
END $$;
ROLLBACK;
