-- Counts all sessions anew, puts the kept counts right, and returns each count as it was kept, as it is, and the
-- difference. What has changed since the last call of keep_coverage() is not a difference. It reads the whole history
-- and blocks nobody: only keep_coverage() leaves its turn out. A difference comes from changes that no trigger sees:
-- rows of ours that were changed by hand, a TRUNCATE, a replicated table, a measurement without features that was
-- deleted or moved to another session.
CREATE OR REPLACE FUNCTION heimdall.recount_coverage()
RETURNS TABLE (name text, kept bigint, counted bigint, difference bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '128MB'
AS $$
DECLARE
    totals bigint[];  -- as they are
    wrong  bigint[];  -- what of them was not kept
BEGIN
    IF row_security_active('heimdall.measurements') OR row_security_active('heimdall.recording_sessions') THEN
        RAISE EXCEPTION 'row-level security may hide rows, so nothing can be counted'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'heimdalld doctor says what to type.';
    END IF;
    RAISE NOTICE 'heimdall: counting all sessions';
    PERFORM FROM heimdall.coverage_totals FOR UPDATE;
    WITH counted AS MATERIALIZED (
        SELECT * FROM heimdall.count_all_sessions()
    ), outdated AS MATERIALIZED (
        SELECT o.id FROM heimdall.outdated_sessions() AS o (id)
    ), folded AS (
        DELETE FROM heimdall.coverage_changes
    ), differing AS MATERIALIZED (
        SELECT coalesce(c.session_id, k.recording_session_id) AS id, c.session_id IS NULL AS is_gone,
               c.measurements, c.with_features, c.failed, c.pending,
               k.recording_session_id IS NULL AS is_new, coalesce(k.measurements, 0) AS kept_measurements,
               coalesce(k.with_features, 0) AS kept_with_features, coalesce(k.failed, 0) AS kept_failed,
               coalesce(k.pending, 0) AS kept_pending
        FROM counted c
        FULL JOIN heimdall.session_counts k ON k.recording_session_id = c.session_id
        WHERE (c.measurements, c.with_features, c.failed, c.pending)
              IS DISTINCT FROM (k.measurements, k.with_features, k.failed, k.pending)
           OR c.session_id IS NULL OR k.recording_session_id IS NULL
    ), removed AS (
        DELETE FROM heimdall.session_counts k USING differing d WHERE d.is_gone AND k.recording_session_id = d.id
    ), written AS (
        INSERT INTO heimdall.session_counts (recording_session_id, measurements, with_features, failed, pending)
        SELECT d.id, d.measurements, d.with_features, d.failed, d.pending FROM differing d WHERE NOT d.is_gone
        ON CONFLICT (recording_session_id) DO UPDATE
        SET measurements = excluded.measurements, with_features = excluded.with_features, failed = excluded.failed,
            pending = excluded.pending
    )
    SELECT (SELECT ARRAY[count(*), count(*) FILTER (WHERE c.with_features > 0), coalesce(sum(c.measurements), 0),
                         coalesce(sum(c.with_features), 0), coalesce(sum(c.failed), 0), coalesce(sum(c.pending), 0)]
            FROM counted c),
           (SELECT ARRAY[coalesce(sum(d.is_new::integer - d.is_gone::integer), 0),
                         coalesce(sum((coalesce(d.with_features, 0) > 0)::integer
                                      - (d.kept_with_features > 0)::integer), 0),
                         coalesce(sum(coalesce(d.measurements, 0) - d.kept_measurements), 0),
                         coalesce(sum(coalesce(d.with_features, 0) - d.kept_with_features), 0),
                         coalesce(sum(coalesce(d.failed, 0) - d.kept_failed), 0),
                         coalesce(sum(coalesce(d.pending, 0) - d.kept_pending), 0), count(*)]
            FROM differing d
            WHERE d.id NOT IN (SELECT o.id FROM outdated o))
    INTO totals, wrong;

    UPDATE heimdall.coverage_totals t
    SET recordings = totals[1], recordings_with_features = totals[2], measurements = totals[3],
        with_features = totals[4], failed = totals[5], pending = totals[6], counted_at = clock_timestamp(), walked_to = NULL;
    RETURN QUERY
    SELECT c.name, totals[c.n] - wrong[c.n], totals[c.n], wrong[c.n]
    FROM unnest(ARRAY['total_recordings', 'recordings_with_features', 'total_measurements',
                      'measurements_with_features', 'measurements_failed', 'measurements_pending'])
         WITH ORDINALITY AS c (name, n)
  UNION ALL
    SELECT 'sessions that differ', NULL, NULL, wrong[7];
END
$$;
COMMENT ON FUNCTION heimdall.recount_coverage() IS
    'Counts what feature_coverage keeps anew, and returns the differences. Reads the whole history.';
