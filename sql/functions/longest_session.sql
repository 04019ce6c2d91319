-- The longest window among the sessions. A measurement's session began at most this long before it. Sessions without a
-- window (see session_measurements) do not count. One index lookup.
-- The view calls it as a function in FROM, because a sub-select would prevent parallel plans.
CREATE OR REPLACE FUNCTION heimdall.longest_session() RETURNS interval
LANGUAGE plpgsql
STABLE PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT s.duration_seconds
            FROM heimdall.application_sessions s
            WHERE s.duration_seconds BETWEEN 0 AND 604800
            ORDER BY s.duration_seconds DESC
            LIMIT 1) * interval '1 second';
END
$$;
COMMENT ON FUNCTION heimdall.longest_session() IS
    'The longest window among the recording sessions; NULL when no session has a window.';
