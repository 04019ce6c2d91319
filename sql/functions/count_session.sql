-- The counts of one session, for session_coverage. A function, so that its plan is the same everywhere: generic, index
-- lookups alone, never compiled. The planner has no statistics for "a window contains a time"; left alone it expects
-- tens of thousands of measurements per session and compiles the query for a second before it reads seven of them.
-- One session of seven: 103 buffers, 0.5 ms with 10 million measurements, 80 and 0.3 with one; 2 to 10 ms more for the first
-- in a connection, which plans it.
CREATE OR REPLACE FUNCTION heimdall.count_session(session_id uuid)
RETURNS TABLE (total bigint, with_features bigint, failed bigint, pending bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
ROWS 1
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT count(*),
           count(*) FILTER (WHERE f.good),
           count(*) FILTER (WHERE NOT f.good AND (q.recheck IS NULL OR q.recheck)),
           count(*) FILTER (WHERE f.good IS NOT TRUE AND NOT q.recheck)
    FROM heimdall.session_measurements sm
    -- good is NULL without a row. An aggregate: a former extraction service wrote one error row per try.
    CROSS JOIN LATERAL (SELECT bool_or(NOT mf.extraction_failed) AS good FROM heimdall.measurement_features mf
                        WHERE mf.measurement_id = sm.measurement_id) f
    LEFT JOIN heimdall.feature_queue q ON q.measurement_id = sm.measurement_id
    WHERE sm.recording_session_id = session_id;
END
$$;
COMMENT ON FUNCTION heimdall.count_session(uuid) IS 'The counts of one session in session_coverage.';
