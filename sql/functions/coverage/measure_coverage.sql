-- The row of feature_coverage: the kept totals, corrected by what the sessions have now that changed since they were
-- counted. Where nothing is kept yet, or more sessions have changed than can be looked up quickly, it counts
-- everything.
CREATE OR REPLACE FUNCTION heimdall.measure_coverage()
RETURNS TABLE (total_recordings bigint, recordings_with_features bigint, total_measurements bigint,
               measurements_with_features bigint, measurements_failed bigint, measurements_pending bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    -- 0.1 to 0.2 ms each.
    max_sessions CONSTANT bigint := 500;
    kept     heimdall.coverage_totals;
    noted    bigint;
    outdated uuid[];
BEGIN
    SELECT * INTO kept FROM heimdall.coverage_totals;
    SELECT coalesce(sum(s.size), 0) INTO noted
    FROM (SELECT size FROM heimdall.coverage_changes
        UNION ALL
          SELECT size FROM heimdall.change_notes WHERE kind IN ('completed', 'session')) s;
    -- Several notes may name the same session, so this many at most are read to find out.
    IF noted <= max_sessions * 20 THEN
        outdated := ARRAY(SELECT heimdall.outdated_sessions());
    END IF;

    IF kept.counted_at IS NULL OR outdated IS NULL OR cardinality(outdated) > max_sessions THEN
        RETURN QUERY
        SELECT count(*), count(*) FILTER (WHERE c.with_features > 0),
               coalesce(sum(c.measurements), 0)::bigint, coalesce(sum(c.with_features), 0)::bigint,
               coalesce(sum(c.failed), 0)::bigint, coalesce(sum(c.pending), 0)::bigint
        FROM heimdall.count_all_sessions() c;
        RETURN;
    END IF;

    RETURN QUERY
    SELECT kept.recordings + coalesce(sum(d.sign), 0),
           kept.recordings_with_features + coalesce(sum(d.sign) FILTER (WHERE d.with_features > 0), 0),
           kept.measurements + coalesce(sum(d.sign * d.measurements), 0)::bigint,
           kept.with_features + coalesce(sum(d.sign * d.with_features), 0)::bigint,
           kept.failed + coalesce(sum(d.sign * d.failed), 0)::bigint,
           kept.pending + coalesce(sum(d.sign * d.pending), 0)::bigint
    FROM (SELECT 1 AS sign, c.* FROM heimdall.count_sessions(outdated) c
        UNION ALL
          SELECT -1, k.* FROM heimdall.session_counts k WHERE k.recording_session_id = ANY (outdated)) d;
END
$$;
COMMENT ON FUNCTION heimdall.measure_coverage() IS 'The counts of feature_coverage.';
