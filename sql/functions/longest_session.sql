-- The longest window among the sessions: no session of a measurement began earlier than this before it. What has no
-- window (see session_measurements) does not count. One step down an index.
-- A function in FROM, not a sub-select: that would keep the view's plans from running in parallel.
CREATE OR REPLACE FUNCTION heimdall.longest_session() RETURNS interval
LANGUAGE plpgsql
STABLE PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT s.duration_seconds
            FROM heimdall.recording_sessions s
            WHERE s.duration_seconds BETWEEN 0 AND 604800
            ORDER BY s.duration_seconds DESC
            LIMIT 1) * interval '1 second';
END
$$;
COMMENT ON FUNCTION heimdall.longest_session() IS 'The longest window among the recording sessions; NULL when none has one.';
