-- Announces the sessions that have nothing outstanding (announce_sessions) after a transaction has stored results of
-- theirs. It locks them (session_locks) until the COMMIT, so that of two transactions that finish the last two
-- measurements at the same time the later one sees both results. Without the locks each would see the other measurement
-- as outstanding.
CREATE OR REPLACE FUNCTION heimdall.settle_sessions(session_ids uuid[])
RETURNS TABLE (recording_session_id uuid, succeeded bigint, failed bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
BEGIN
    -- A statement of its own: the next one sees what was committed before it got the locks. As in
    -- queries/lock_sessions.sql, which a daemon has sent before; then this waits for nobody.
    PERFORM FROM heimdall.session_locks l
    WHERE l.key = ANY (ARRAY(SELECT heimdall.session_lock_key(s) FROM unnest(session_ids) s))
    ORDER BY l.key
    FOR UPDATE;
    RETURN QUERY SELECT a.recording_session_id, a.succeeded, a.failed FROM heimdall.announce_sessions(session_ids) a;
END
$$;
COMMENT ON FUNCTION heimdall.settle_sessions(uuid[]) IS
    'Announces the sessions of the list that have nothing outstanding, and returns their counts. Called by heimdalld.';
