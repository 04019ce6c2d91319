-- What these sessions have, those of them that are completed: the one definition of the counts in session_coverage and
-- feature_coverage. The plan is the same everywhere: generic, with index lookups for each session, and without JIT. The
-- planner has no statistics for "a window contains a time"; without these settings it expects tens of thousands of
-- measurements per session and spends a second on JIT before it reads seven of them.
CREATE OR REPLACE FUNCTION heimdall.count_sessions(session_ids uuid[])
RETURNS TABLE (session_id uuid, measurements bigint, with_features bigint, failed bigint, pending bigint)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
DECLARE
    -- Those whose completion has not been expanded yet.
    noted CONSTANT uuid[] := ARRAY(SELECT i.id FROM heimdall.change_notes n CROSS JOIN LATERAL unnest(n.ids) AS i (id)
                                   WHERE n.kind = 'completed'
                                     AND (cardinality(session_ids) > 1 OR n.ids @> session_ids));
BEGIN
    RETURN QUERY
    SELECT s.session_id, c.total, c.good, c.bad, c.open
    FROM unnest(session_ids) AS w (id)
    JOIN heimdall.application_sessions s ON s.session_id = w.id AND heimdall.is_completed(s.status)
    CROSS JOIN LATERAL (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE f.good) AS good,
               count(*) FILTER (WHERE NOT f.good AND (q.recheck IS NULL OR q.recheck)) AS bad,
               count(*) FILTER (WHERE f.good IS NOT TRUE AND NOT q.recheck
                                   OR f.good IS NULL AND q.recheck IS NULL AND s.session_id = ANY (noted)) AS open
        FROM heimdall.session_measurements sm
        -- good is NULL without a row. It is an aggregate because an earlier extraction service wrote one error row per
        -- try.
        CROSS JOIN LATERAL (SELECT bool_or(NOT mf.extraction_failed) AS good FROM heimdall.extracted_features mf
                            WHERE mf.measurement_id = sm.measurement_id) f
        LEFT JOIN heimdall.feature_queue q ON q.measurement_id = sm.measurement_id
        WHERE sm.recording_session_id = s.session_id
        OFFSET 0
    ) c;
END
$$;
COMMENT ON FUNCTION heimdall.count_sessions(uuid[]) IS
    'The counts of those of these sessions that are completed. Called by count_session() and for feature_coverage.';
