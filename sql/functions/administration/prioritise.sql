-- Puts what is queued of a session before all sweeps, retries and backfills.
CREATE OR REPLACE FUNCTION heimdall.prioritise(session uuid) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
SET lock_timeout = '5s'
AS $$
DECLARE
    moved bigint;
BEGIN
    UPDATE heimdall.feature_queue q
    SET priority = 0
    WHERE q.recording_session_id = session AND q.priority > 0 AND q.state <> 'claimed';
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved > 0 THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION heimdall.prioritise(uuid) IS
    'Puts the queued measurements of a session first. Returns how many it moved; those in flight are not moved.';
