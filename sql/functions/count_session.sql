-- The counts of one session, for session_coverage. It is a function so that its plan is the same everywhere: generic,
-- with index lookups only and without JIT. The planner has no statistics for "a window contains a time"; without these
-- settings it expects tens of thousands of measurements per session and spends a second on JIT before it reads seven of
-- them. One session of seven: 103 buffers and 0.5 ms with 10 million measurements, 80 and 0.3 with 10 thousand. The
-- first call in a connection takes 2 to 10 ms more, to plan.
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
DECLARE
    -- Its completion has not been expanded yet.
    noted CONSTANT boolean := EXISTS (SELECT FROM heimdall.change_notes n
                                      WHERE n.kind = 'completed' AND session_id = ANY (n.ids));
BEGIN
    RETURN QUERY
    SELECT count(*),
           count(*) FILTER (WHERE f.good),
           count(*) FILTER (WHERE NOT f.good AND (q.recheck IS NULL OR q.recheck)),
           count(*) FILTER (WHERE f.good IS NOT TRUE AND NOT q.recheck OR f.good IS NULL AND q.recheck IS NULL AND noted)
    FROM heimdall.session_measurements sm
    -- good is NULL without a row. It is an aggregate because an earlier extraction service wrote one error row per try.
    CROSS JOIN LATERAL (SELECT bool_or(NOT mf.extraction_failed) AS good FROM heimdall.measurement_features mf
                        WHERE mf.measurement_id = sm.measurement_id) f
    LEFT JOIN heimdall.feature_queue q ON q.measurement_id = sm.measurement_id
    WHERE sm.recording_session_id = session_id;
END
$$;
COMMENT ON FUNCTION heimdall.count_session(uuid) IS 'The counts of one session in session_coverage.';
