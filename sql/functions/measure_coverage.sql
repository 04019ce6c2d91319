-- The row of feature_coverage. A function, since the whole history is read and the planner cannot know how few sessions
-- overlap.
CREATE OR REPLACE FUNCTION heimdall.measure_coverage()
RETURNS TABLE (total_recordings bigint, recordings_with_features bigint, total_measurements bigint,
               measurements_with_features bigint, measurements_failed bigint, measurements_pending bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH per_measurement AS (
        SELECT sm.recording_session_id,
               f.extraction_failed IS FALSE AS good,
               f.extraction_failed AND (q.recheck IS NULL OR q.recheck) AS failed,
               f.extraction_failed IS NOT FALSE AND NOT q.recheck AS pending
        FROM heimdall.session_measurements sm
        LEFT JOIN heimdall.measurement_features f USING (measurement_id)
        LEFT JOIN heimdall.feature_queue q USING (measurement_id)
        WHERE sm.session_status = 'completed'
    )
    SELECT (SELECT count(*) FROM heimdall.recording_sessions WHERE status = 'completed'),
           count(DISTINCT recording_session_id) FILTER (WHERE good),
           count(*), count(*) FILTER (WHERE good), count(*) FILTER (WHERE failed), count(*) FILTER (WHERE pending)
    FROM per_measurement;
END
$$;
COMMENT ON FUNCTION heimdall.measure_coverage() IS 'The counts of feature_coverage.';
