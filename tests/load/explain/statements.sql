-- Runs every hot statement 30 times on a generated database, commits as the daemon does, and writes the file :out.rows
-- (statement|median ms|median buffers|of them read). The plans go to the standard error.
SET plan_cache_mode = force_generic_plan;
SET client_min_messages = warning;
\i :prepare

CREATE TEMP TABLE measured (at bigint GENERATED ALWAYS AS IDENTITY, statement text, ms double precision, buffers bigint, read bigint);

-- The statement runs in a function, so that the buffers of its triggers and of its data-modifying WITHs count too.
CREATE FUNCTION pg_temp.run(command text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE command; END $$;
CREATE PROCEDURE pg_temp.measure(name text, command text) LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT pg_temp.run(%L)', command) INTO plan;
    INSERT INTO measured (statement, ms, buffers, read)
    VALUES (name, (plan -> 0 ->> 'Execution Time')::float8,
            (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint,
            (plan #>> '{0,Plan,Shared Read Blocks}')::bigint);
END $$;

-- The next session that is still recording, and the next measurement with features that is not queued.
CREATE FUNCTION pg_temp.recording() RETURNS uuid LANGUAGE sql AS $$
    SELECT id FROM heimdall.recording_sessions
    WHERE status = 'recording' AND created_at >= (SELECT max(created_at) FROM heimdall.recording_sessions) - interval '99 minutes'
    ORDER BY created_at LIMIT 1
$$;
CREATE FUNCTION pg_temp.extracted() RETURNS uuid LANGUAGE sql AS $$
    SELECT f.measurement_id FROM heimdall.measurement_features f
    WHERE NOT EXISTS (SELECT FROM heimdall.feature_queue q WHERE q.measurement_id = f.measurement_id)
    ORDER BY f.timestamp LIMIT 1
$$;

CREATE PROCEDURE pg_temp.rounds() LANGUAGE plpgsql AS $$
DECLARE
    worker uuid;
    held   record;
    ids    uuid[];
    claims bigint[];
    more   boolean;
BEGIN
    LOOP  -- the first walk of the kept counts
        SELECT k.more INTO more FROM heimdall.keep_coverage(1000) k;
        COMMIT;
        EXIT WHEN NOT more;
    END LOOP;
    EXECUTE $q$EXECUTE register_worker('explain', 1, '0', 16, 3600000, 11)$q$ INTO worker;
    FOR i IN 1..30 LOOP
        CALL pg_temp.measure('trigger: completion', format($q$UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = %L$q$, pg_temp.recording()));
        COMMIT;
        CALL pg_temp.measure('expand: a session of 7', 'EXECUTE expand_notes(1000, 0, NULL)');
        COMMIT;
        CALL pg_temp.measure('trigger: late object', format($q$UPDATE heimdall.measurements SET iq_data_location = iq_data_location || '.2' WHERE id = %L$q$, pg_temp.extracted()));
        COMMIT;
        CALL pg_temp.measure('expand: one object', 'EXECUTE expand_notes(1000, 0, NULL)');
        COMMIT;
        CALL pg_temp.measure('expand: no notes', 'EXECUTE expand_notes(1000, 0, NULL)');
        COMMIT;
        CALL pg_temp.measure('claim of 16', format('EXECUTE claim(%L, 16, NULL)', worker));
        COMMIT;
        FOR held IN SELECT row_number() OVER (ORDER BY claim_id) AS n, q.* FROM heimdall.feature_queue q WHERE q.state = 'claimed' LOOP
            EXIT WHEN held.n > 4;
            IF held.n = 1 THEN
                CALL pg_temp.measure('lock_sessions', format('EXECUTE lock_sessions(%L)', ARRAY[held.recording_session_id]));
                CALL pg_temp.measure('store_features', format($q$EXECUTE store_features(%L, %s, ARRAY['{"segment_index": 0}'::jsonb], '{}', 0.9, 20, 1, 0, 1)$q$,
                                     held.measurement_id, held.claim_id));
                CALL pg_temp.measure('settle_sessions', format('EXECUTE settle_sessions(%L)', ARRAY[held.recording_session_id]));
                CALL pg_temp.measure('progress_backfills', format('EXECUTE progress_backfills(%L, %L, %L)', ARRAY[md5('backfill')::uuid], ARRAY[1], ARRAY[0]));
                CALL pg_temp.measure('keep_backfills', 'EXECUTE keep_backfills');
            ELSIF held.n = 2 THEN
                CALL pg_temp.measure('store_failure', format($q$EXECUTE store_failure(%L, %s, 'invalid_format', 'x', '{}', NULL, 1)$q$, held.measurement_id, held.claim_id));
            ELSIF held.n = 3 THEN
                CALL pg_temp.measure('store_failure, again', format($q$EXECUTE store_failure(%L, %s, 'not_found', 'x', '{}', 3600000, 1)$q$, held.measurement_id, held.claim_id));
            ELSE
                CALL pg_temp.measure('retry_later', format('EXECUTE retry_later(%L, %s, 1)', held.measurement_id, held.claim_id));
            END IF;
        END LOOP;
        COMMIT;
        SELECT array_agg(measurement_id), array_agg(claim_id) INTO ids, claims FROM heimdall.feature_queue WHERE state = 'claimed';
        CALL pg_temp.measure('release of 12', format('EXECUTE release(%L, %L)', ids, claims));
        COMMIT;
        CALL pg_temp.measure('promote_due', 'EXECUTE promote_due');
        CALL pg_temp.measure('release_expired', 'EXECUTE release_expired');
        CALL pg_temp.measure('heartbeat', format('EXECUTE heartbeat(%L, 0)', worker));
        CALL pg_temp.measure('session_coverage, one', format('SELECT * FROM heimdall.session_coverage WHERE recording_session_id = %L',
                             md5('session' || i)::uuid));
        CALL pg_temp.measure('status_of, one', format('SELECT * FROM heimdall.status_of(%L)', md5('measurement' || i || '/3')::uuid));
        CALL pg_temp.measure('session_features, one', format('SELECT * FROM heimdall.session_features WHERE recording_session_id = %L', md5('session' || i)::uuid));
        CALL pg_temp.measure('feature_samples, one', format('SELECT * FROM heimdall.feature_samples WHERE recording_session_id = %L', md5('session' || i)::uuid));
        CALL pg_temp.measure('feature_coverage', 'SELECT * FROM heimdall.feature_coverage');
        CALL pg_temp.measure('keep_coverage', 'EXECUTE keep_coverage');
        COMMIT;
        IF i <= 3 THEN  -- its cost has another bound, and it is not on the hot path
            CALL pg_temp.measure('sweep', 'EXECUTE sweep(250, 0, true)');
            COMMIT;
        END IF;
    END LOOP;
    DELETE FROM heimdall.worker_heartbeats;
END $$;
CALL pg_temp.rounds();

\pset tuples_only on
\pset format unaligned
\set rows :out '.rows'
\o :rows
SELECT statement, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::numeric, 3), percentile_disc(0.5) WITHIN GROUP (ORDER BY buffers),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY read)
FROM measured GROUP BY statement ORDER BY statement COLLATE "C";
\o

-- The plans, with the nested statements of functions and triggers: one run of each statement, rolled back.
SET client_min_messages = log;
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_buffers = on;
SET auto_explain.log_timing = off;
\o /dev/null
BEGIN;
EXECUTE register_worker('explain', 1, '0', 16, 3600000, 11) \gset
SELECT pg_temp.recording() AS session, pg_temp.extracted() AS measurement \gset
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = :'session';
UPDATE heimdall.measurements SET iq_data_location = iq_data_location || '.2' WHERE id = :'measurement';
EXECUTE expand_notes(1000, 0, NULL);
EXECUTE claim(:'worker_id', 16, NULL);
SELECT measurement_id, claim_id, recording_session_id FROM heimdall.feature_queue WHERE state = 'claimed' LIMIT 1 \gset
EXECUTE store_features(:'measurement_id', :claim_id, ARRAY['{"segment_index": 0}'::jsonb], '{}', 0.9, 20, 1, 0, 1);
EXECUTE settle_sessions(ARRAY[:'recording_session_id']::uuid[]);
SELECT measurement_id, claim_id FROM heimdall.feature_queue WHERE state = 'claimed' LIMIT 1 \gset
EXECUTE store_failure(:'measurement_id', :claim_id, 'not_found', 'x', '{}', 1, 1);
EXECUTE promote_due;
EXECUTE release_expired;
UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '2 hours';
EXECUTE release_expired;
ROLLBACK;
