-- What each completed session has, of all of them: the counts of count_sessions() by one join of the whole history,
-- with as many parallel workers as the server grants. The planner cannot estimate how many measurements a window
-- contains and expects a million times too many; without the settings it spends long on JIT and sorts what fits in
-- memory. Half of the time is one hash of two million ids, a quarter is the search in windows.
CREATE OR REPLACE FUNCTION heimdall.count_all_sessions()
RETURNS TABLE (session_id uuid, measurements bigint, with_features bigint, failed bigint, pending bigint)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '128MB'
SET enable_sort = off
SET parallel_setup_cost = 0
SET parallel_tuple_cost = 0
AS $$
BEGIN
    -- RETURN QUERY may run in parallel, SELECT INTO may not.
    RETURN QUERY
    SELECT s.session_id, coalesce(c.total, 0), coalesce(c.good, 0), coalesce(c.bad, 0), coalesce(c.open, 0)
    FROM heimdall.application_sessions s
    LEFT JOIN (
        SELECT sm.recording_session_id AS id,
               count(*) AS total,
               count(g.measurement_id) AS good,
               count(*) FILTER (WHERE g.measurement_id IS NULL AND b.measurement_id IS NOT NULL
                                  AND (q.recheck IS NULL OR q.recheck)) AS bad,
               count(*) FILTER (WHERE g.measurement_id IS NULL AND NOT q.recheck
                                   OR g.measurement_id IS NULL AND b.measurement_id IS NULL AND q.recheck IS NULL
                                      AND n.id IS NOT NULL) AS open
        FROM heimdall.session_measurements sm
        LEFT JOIN (SELECT DISTINCT f.measurement_id FROM heimdall.extracted_features f
                   WHERE NOT f.extraction_failed) g ON g.measurement_id = sm.measurement_id
        -- DISTINCT because an earlier extraction service wrote one error row per try.
        LEFT JOIN (SELECT DISTINCT f.measurement_id FROM heimdall.extracted_features f WHERE f.extraction_failed) b
               ON b.measurement_id = sm.measurement_id
        LEFT JOIN heimdall.feature_queue q ON q.measurement_id = sm.measurement_id
        -- Completions that have not been expanded yet.
        LEFT JOIN (SELECT DISTINCT unnest(c.ids) AS id FROM heimdall.change_notes c WHERE c.kind = 'completed') n
               ON n.id = sm.recording_session_id
        WHERE heimdall.is_completed(sm.session_status)
        GROUP BY sm.recording_session_id
    ) c ON c.id = s.session_id
    WHERE heimdall.is_completed(s.status);
END
$$;
COMMENT ON FUNCTION heimdall.count_all_sessions() IS
    'The counts of every completed session. Reads the whole history. Called for feature_coverage.';
