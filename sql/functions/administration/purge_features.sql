-- Deletes rows of measurement_features, at most max_rows in a call: those of measurements before older_than, or those
-- whose measurement no longer exists (orphans_only), or both. Without a limit of time the orphans are looked for in the
-- whole table. What was purged by time is not extracted again by the sweep, which from then on leaves sessions from
-- before that time alone; request_backfill() would extract it.
--
-- Where the table is partitioned by ranges of timestamp, partitions that end before older_than are dropped whole, the
-- oldest first, until max_rows are gone. That waits for the statements that use the table, and they for it, so it gives up
-- after two seconds. What is left in other partitions is deleted row by row.
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
-- The bounds of partitions are read as text.
SET timezone = 'UTC'
SET datestyle = 'ISO, MDY'
SET lock_timeout = '2s'
AS $$
DECLARE
    old_partition record;
    in_partition  bigint;
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

    RAISE NOTICE 'heimdall: deleting at most % rows', max_rows;
    rows_deleted := 0;
    IF NOT orphans_only THEN
        FOR old_partition IN
            SELECT c.oid::regclass AS name
            FROM pg_partitioned_table p
            JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] AND a.attname = 'timestamp'
            JOIN pg_inherits i ON i.inhparent = p.partrelid
            JOIN pg_class c ON c.oid = i.inhrelid
            -- NULL for the default partition, and for one without an end.
            CROSS JOIN LATERAL (SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM $r$ TO [(]'([^']*)'[)]$r$)::timestamptz
                                           AS ends_at) bound
            WHERE p.partrelid = heimdall.results_table() AND p.partstrat = 'r' AND p.partnatts = 1
              AND bound.ends_at <= older_than AND pg_has_role(c.relowner, 'USAGE')
            ORDER BY bound.ends_at
        LOOP
            EXIT WHEN rows_deleted >= max_rows;
            EXECUTE format('SELECT count(*) FROM %s', old_partition.name) INTO in_partition;
            EXECUTE format('SELECT heimdall.sessions_changed(array_agg(DISTINCT recording_session_id)) FROM %s',
                           old_partition.name);
            EXECUTE format('DROP TABLE %s', old_partition.name);
            rows_deleted := rows_deleted + in_partition;
        END LOOP;
    END IF;

    WITH doomed AS MATERIALIZED (
        SELECT f.timestamp, f.measurement_id
        FROM heimdall.extracted_features f
        WHERE (older_than IS NULL OR f.timestamp < older_than)
          AND (NOT orphans_only
               -- First in the partition of its time, where the table is partitioned by time.
               OR coalesce((SELECT true FROM heimdall.application_measurements m
                            WHERE m.measurement_id = f.measurement_id AND m.measured_at = f.timestamp LIMIT 1),
                           (SELECT true FROM heimdall.application_measurements m
                            WHERE m.measurement_id = f.measurement_id LIMIT 1)) IS NULL)
        ORDER BY f.timestamp
        LIMIT greatest(max_rows - rows_deleted, 0)
    ), deleted AS (
        DELETE FROM heimdall.extracted_features f
        USING doomed d
        WHERE f.timestamp = d.timestamp AND f.measurement_id = d.measurement_id
        RETURNING 1
    )
    SELECT rows_deleted + count(*) INTO rows_deleted FROM deleted;
    more := rows_deleted >= max_rows;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.purge_features(timestamptz, boolean, integer) IS
    'Deletes rows of measurement_features: of measurements before older_than, or whose measurement no longer exists. '
    'Returns whether more are left. Repeat it while there are. Partitions that end before older_than are dropped whole.';
