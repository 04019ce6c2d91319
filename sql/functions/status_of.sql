-- measurement_status of one measurement or of one session, with the same plan everywhere: index lookups, kept for the
-- connection, and no JIT. The planner has no statistics for "a window contains a time", and on a table of hundreds of
-- partitions it would compile the view's plan for minutes.
CREATE OR REPLACE FUNCTION heimdall.status_of(measurement uuid DEFAULT NULL, session uuid DEFAULT NULL)
RETURNS SETOF heimdall.measurement_status
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
BEGIN
    IF num_nonnulls(measurement, session) <> 1 THEN
        RAISE EXCEPTION 'status_of() needs a measurement or a session'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example:  SELECT * FROM heimdall.status_of(session => ''...'');';
    ELSIF session IS NULL THEN
        RETURN QUERY SELECT * FROM heimdall.measurement_status s WHERE s.measurement_id = status_of.measurement;
    ELSE
        RETURN QUERY SELECT * FROM heimdall.measurement_status s WHERE s.recording_session_id = status_of.session
                     ORDER BY s.rx_id, s.measured_at, s.measurement_id;
    END IF;
END
$$;
COMMENT ON FUNCTION heimdall.status_of(uuid, uuid) IS
    'measurement_status of one measurement, or of the measurements of one session. Faster than the view where a table '
    'has many partitions.';
