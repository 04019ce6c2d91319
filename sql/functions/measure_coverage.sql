-- The row of feature_coverage. It is a function because of its settings: it joins the whole history, with as many
-- parallel workers as the server grants. The planner cannot estimate how many measurements a window contains and
-- expects a million times too many; without the settings it spends long on JIT and sorts what fits in memory. Measured:
-- 1 million measurements in 143,000 sessions, 2 cores, PostgreSQL 15.18. Where total_coverage is certain (every
-- measurement has features, is queued or has failed; or none): 0.78 to 0.85 s, 0.5 s where measurements name their
-- session. Otherwise the join decides: 1.3 s where they name it, 2.3 to 2.8 s where they are matched by time. The join
-- alone took 21 s at 11 million. Half of the join is one hash of two million ids, a quarter is the search in windows.
CREATE OR REPLACE FUNCTION heimdall.measure_coverage()
RETURNS TABLE (total_recordings bigint, recordings_with_features bigint, total_measurements bigint,
               measurements_with_features bigint, measurements_failed bigint, measurements_pending bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '128MB'
SET enable_sort = off
SET parallel_setup_cost = 0
SET parallel_tuple_cost = 0
AS $$
DECLARE
    totals record;
BEGIN
    SELECT * INTO totals FROM heimdall.total_coverage();
    -- The counts are right too where nothing has been extracted or queued.
    IF totals.certain
       OR totals.measurements_with_features + totals.measurements_failed + totals.measurements_pending = 0
       AND NOT EXISTS (SELECT FROM heimdall.measurement_features)
       AND NOT EXISTS (SELECT FROM heimdall.change_notes n WHERE n.kind = 'completed') THEN
        RETURN QUERY SELECT totals.total_recordings, totals.recordings_with_features, totals.total_measurements,
                            totals.measurements_with_features, totals.measurements_failed, totals.measurements_pending;
        RETURN;
    END IF;

    -- RETURN QUERY may run in parallel, SELECT INTO may not.
    RETURN QUERY
    SELECT (SELECT count(*) FROM heimdall.recording_sessions s WHERE s.status = 'completed'),
           count(*) FILTER (WHERE c.with_features > 0),
           coalesce(sum(c.total), 0)::bigint, coalesce(sum(c.with_features), 0)::bigint,
           coalesce(sum(c.failed), 0)::bigint, coalesce(sum(c.pending), 0)::bigint
    FROM (
        SELECT count(*) AS total,
               count(g.measurement_id) AS with_features,
               count(*) FILTER (WHERE g.measurement_id IS NULL AND b.measurement_id IS NOT NULL
                                  AND (q.recheck IS NULL OR q.recheck)) AS failed,
               count(*) FILTER (WHERE g.measurement_id IS NULL AND NOT q.recheck
                                   OR g.measurement_id IS NULL AND b.measurement_id IS NULL AND q.recheck IS NULL
                                      AND n.id IS NOT NULL) AS pending
        FROM heimdall.session_measurements sm
        LEFT JOIN heimdall.measurement_features g ON g.measurement_id = sm.measurement_id AND NOT g.extraction_failed
        -- DISTINCT because an earlier extraction service wrote one error row per try.
        LEFT JOIN (SELECT DISTINCT f.measurement_id FROM heimdall.measurement_features f WHERE f.extraction_failed) b
               ON b.measurement_id = sm.measurement_id
        LEFT JOIN heimdall.feature_queue q ON q.measurement_id = sm.measurement_id
        -- Completions that have not been expanded yet.
        LEFT JOIN (SELECT DISTINCT unnest(c.ids) AS id FROM heimdall.change_notes c WHERE c.kind = 'completed') n
               ON n.id = sm.recording_session_id
        WHERE sm.session_status = 'completed'
        GROUP BY sm.recording_session_id
    ) c;
END
$$;
COMMENT ON FUNCTION heimdall.measure_coverage() IS 'The counts of feature_coverage.';
