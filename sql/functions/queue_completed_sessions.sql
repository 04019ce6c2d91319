-- Trigger function: queues the measurements of sessions that have just become completed, before all other work, and
-- notifies the daemons, once per statement. It does nothing for a session that was completed before, or for a
-- measurement that has features.
--
-- It never fails the application's statement and never delays it for long: an error becomes a warning, and a lock wait
-- ends after lock_timeout. The next sweep queues what was left out. queue_late_measurements has the same settings and
-- the same EXCEPTION block: PostgreSQL can share them only through a further function call in each statement of the
-- application.
--
-- EXCEPT finds the changed rows. A join of the transition tables would not do: the plan is cached from a statement of
-- one row and must also serve a statement of 10,000. EXCEPT sorts, because a sort can spill to disk.
--
-- Measured by tests/load/explain.sh: PostgreSQL 15.18, 2 cores, 1 million queued (half of them waiting), generic plans,
-- 10 million measurements finished, in brackets 10 thousand.
-- A session of seven: 179 (163) buffers, 0.6 (0.5) ms. Nested loops from recording_sessions_pkey over the index on
-- measurements.created_at, or on recording_session_id, to measurement_features_measurement_idx; 12 buffers per queued
-- row. Slower: sessions = ANY (array) without OFFSET 0 hashed all features, 20,230 buffers and 40 ms at 20 thousand.
CREATE OR REPLACE FUNCTION heimdall.queue_completed_sessions() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_hashagg = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
DECLARE
    completed uuid[];
    queued    bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(n.id) INTO completed FROM new_rows n WHERE n.status = 'completed';
    ELSE
        SELECT array_agg(c.id) INTO completed
        FROM (SELECT n.id FROM new_rows n WHERE n.status = 'completed'
              EXCEPT
              SELECT o.id FROM old_rows o WHERE o.status = 'completed') c;
    END IF;
    IF completed IS NULL THEN
        RETURN NULL;
    END IF;

    INSERT INTO heimdall.feature_queue AS q (measurement_id, recording_session_id, measured_at, source, priority)
    SELECT sm.measurement_id, sm.recording_session_id, sm.measured_at, 'live', 0
    FROM unnest(completed) AS c (id)
    -- OFFSET 0 is a planner fence: one index search per session, whatever the statistics say.
    CROSS JOIN LATERAL (SELECT * FROM heimdall.session_measurements v WHERE v.recording_session_id = c.id OFFSET 0) sm
    -- A lookup per measurement. NOT EXISTS becomes a join, which reads all features where the last vacuum found none.
    WHERE (SELECT true FROM heimdall.measurement_features f
           WHERE f.measurement_id = sm.measurement_id AND NOT f.extraction_failed LIMIT 1) IS NULL
    ORDER BY sm.session_created_at, sm.recording_session_id, sm.measured_at, sm.measurement_id
    -- Queued already: it gets the highest priority, and a recheck for a missing object becomes ready immediately.
    ON CONFLICT (measurement_id) DO UPDATE
    SET recording_session_id = excluded.recording_session_id, measured_at = excluded.measured_at,
        source = 'live', priority = 0,
        state  = CASE WHEN q.recheck THEN 'ready' ELSE q.state END,
        due_at = CASE WHEN q.recheck THEN NULL ELSE q.due_at END
    WHERE q.state <> 'claimed' AND (q.priority > 0 OR q.recheck AND q.state = 'waiting');
    GET DIAGNOSTICS queued = ROW_COUNT;

    IF queued > 0 THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: completed sessions were not queued for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The statement itself is not affected; the next sweep queues them.';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION heimdall.queue_completed_sessions() IS
    'Trigger function of recording_sessions: queues the measurements of sessions that have just become completed. '
    'Never fails the statement that fires it.';
