-- The counts of one session, for session_coverage. One session of seven: 103 buffers and 0.5 ms with 10 million
-- measurements, 80 and 0.3 with 10 thousand. The first call in a connection takes 2 to 10 ms more, to plan.
CREATE OR REPLACE FUNCTION heimdall.count_session(session_id uuid)
RETURNS TABLE (total bigint, with_features bigint, failed bigint, pending bigint)
LANGUAGE sql
STABLE
SECURITY DEFINER
ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.measurements, c.with_features, c.failed, c.pending
    FROM heimdall.count_sessions(ARRAY[count_session.session_id]) c;
$$;
COMMENT ON FUNCTION heimdall.count_session(uuid) IS 'The counts of one session in session_coverage.';
