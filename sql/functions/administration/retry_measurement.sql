-- Queues one measurement that failed, or makes one that waits ready now, with all its tries. It says why where it
-- cannot.
CREATE OR REPLACE FUNCTION heimdall.retry_measurement(id uuid) RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
SET lock_timeout = '5s'
AS $$
DECLARE
    known record;
BEGIN
    SELECT * INTO known FROM heimdall.measurement_status s WHERE s.measurement_id = retry_measurement.id LIMIT 1;
    IF known.measurement_id IS NULL THEN
        RAISE EXCEPTION 'there is no measurement %', coalesce(retry_measurement.id::text, 'NULL')
            USING ERRCODE = 'no_data_found';
    ELSIF known.state = 'done' THEN
        RAISE EXCEPTION 'measurement % has features', retry_measurement.id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('To extract it again:  SELECT * FROM heimdall.extract_again(measurement => %L);',
                                retry_measurement.id);
    ELSIF known.state NOT IN ('failed', 'waiting', 'recheck', 'ready', 'not queued') THEN
        RAISE EXCEPTION 'measurement % cannot be tried now: %', retry_measurement.id, known.reason
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;

    DELETE FROM heimdall.cancelled_measurements x WHERE x.measurement_id = retry_measurement.id;
    INSERT INTO heimdall.feature_queue AS q
        (measurement_id, recording_session_id, measured_at, source, priority, source_fingerprint)
    SELECT sm.measurement_id, sm.recording_session_id, sm.measured_at, 'retry', 1,
           heimdall.source_fingerprint(sm.iq_data_location, sm.websdr_station_id::text, sm.iq_data_format,
                                       sm.iq_sample_rate)
    FROM heimdall.session_measurements sm
    WHERE sm.measurement_id = retry_measurement.id AND heimdall.is_completed(sm.session_status)
    LIMIT 1
    ON CONFLICT (measurement_id) DO UPDATE
    SET state = 'ready', due_at = NULL, attempt = 0, recheck = false, failure = NULL
    WHERE q.state <> 'claimed';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'measurement % has changed at this moment', retry_measurement.id
            USING ERRCODE = 'serialization_failure';
    END IF;
    PERFORM heimdall.sessions_changed(ARRAY[known.recording_session_id]);
    PERFORM heimdall.wake_workers();
    RETURN CASE WHEN known.state IN ('failed', 'not queued') THEN 'queued' ELSE 'ready' END;
END
$$;
COMMENT ON FUNCTION heimdall.retry_measurement(uuid) IS
    'Queues one failed measurement again, or makes a waiting one ready. Returns queued or ready.';
