-- Deletes rows of measurement_features, at most max_rows in a call: those of measurements before older_than, or those
-- whose measurement no longer exists (orphans_only), or both. Without a limit of time the orphans are looked for in the
-- whole table. What was purged by time is not extracted again by the sweep, which from then on leaves sessions from
-- before that time alone; request_backfill() would extract it.
CREATE OR REPLACE FUNCTION heimdall.purge_features(
    older_than   timestamptz DEFAULT NULL,
    orphans_only boolean     DEFAULT false,
    max_rows     integer     DEFAULT 50000
) RETURNS TABLE (rows_deleted bigint, more boolean)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
BEGIN
    IF orphans_only IS NULL THEN
        RAISE EXCEPTION 'orphans_only is NULL, must be true or false' USING ERRCODE = 'invalid_parameter_value';
    ELSIF older_than IS NULL AND NOT orphans_only THEN
        RAISE EXCEPTION 'purge_features() needs older_than or orphans_only'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example:  SELECT * FROM heimdall.purge_features(older_than => now() - '
                         'interval ''2 years'');';
    ELSIF max_rows IS NULL OR max_rows < 1 THEN
        RAISE EXCEPTION 'max_rows is %, must be at least 1', coalesce(max_rows::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF orphans_only AND row_security_active('heimdall.measurements') THEN
        RAISE EXCEPTION 'row-level security may hide measurements, so nothing is known to be an orphan'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'heimdalld doctor says what to type.';
    END IF;
    IF NOT orphans_only THEN
        -- Never in the future: the sweep must find what is recorded from now on.
        UPDATE heimdall.sweep_state s
        SET history_before = least(older_than, clock_timestamp())
        WHERE s.history_before IS NULL OR s.history_before < least(older_than, clock_timestamp());
    END IF;

    WITH doomed AS MATERIALIZED (
        SELECT f.timestamp, f.measurement_id
        FROM heimdall.extracted_features f
        WHERE (older_than IS NULL OR f.timestamp < older_than)
          AND (NOT orphans_only
               OR (SELECT true FROM heimdall.application_measurements m
                   WHERE m.measurement_id = f.measurement_id LIMIT 1) IS NULL)
        ORDER BY f.timestamp
        LIMIT max_rows
    ), deleted AS (
        DELETE FROM heimdall.extracted_features f
        USING doomed d
        WHERE f.timestamp = d.timestamp AND f.measurement_id = d.measurement_id
        RETURNING 1
    )
    SELECT count(*), count(*) >= max_rows INTO rows_deleted, more FROM deleted;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.purge_features(timestamptz, boolean, integer) IS
    'Deletes rows of measurement_features: of measurements before older_than, or whose measurement no longer exists. '
    'Returns whether more are left. Repeat it while there are.';
