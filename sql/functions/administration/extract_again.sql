-- Queues what has features already, to be extracted again: after an object was overwritten under its key, or with a
-- newer extractor. The old features stand until the new ones replace them; if the new extraction fails, they stay. All
-- conditions that are given must hold. Priority and order are those of retry_failed().
--
-- only_changed: the daemon asks the store for an object on condition that its ETag is not that of its features. An object
-- that is the same costs one request and no bytes, and keeps its features.
CREATE OR REPLACE FUNCTION heimdall.extract_again(
    session          uuid        DEFAULT NULL,
    measurement      uuid        DEFAULT NULL,
    station          uuid        DEFAULT NULL,
    extractor_before text        DEFAULT NULL,
    since            timestamptz DEFAULT NULL,
    until            timestamptz DEFAULT NULL,
    only_changed     boolean     DEFAULT false
) RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
BEGIN
    IF num_nonnulls(session, measurement, station, extractor_before, since, until) = 0 THEN
        RAISE EXCEPTION 'extract_again() needs a condition'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'To extract everything again:  SELECT * FROM heimdall.extract_again(since => ''-infinity'');';
    ELSIF until <= since THEN
        RAISE EXCEPTION 'until (%) is not after since (%)', until, since USING ERRCODE = 'invalid_parameter_value';
    ELSIF extractor_before !~ '^[0-9]{1,9}([.][0-9]{1,9}){0,3}$' THEN
        RAISE EXCEPTION 'extractor_before is %, must be a version such as 1.2.0', quote_literal(extractor_before)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM heimdall.hold_sweep();
    IF num_nonnulls(session, measurement) = 0 THEN
        RAISE NOTICE 'heimdall: looking for features to be extracted again';
    END IF;

    WITH queued AS (
        INSERT INTO heimdall.feature_queue AS q
            (measurement_id, recording_session_id, measured_at, source, priority, source_fingerprint, only_changed)
        SELECT sm.measurement_id, sm.recording_session_id, sm.measured_at, 'retry', 1,
               heimdall.source_fingerprint(sm.iq_data_location, sm.websdr_station_id::text, sm.iq_data_format,
                                           sm.iq_sample_rate),
               coalesce(extract_again.only_changed, false)
        FROM heimdall.extracted_features f
        CROSS JOIN LATERAL (
            -- First in the partition of its time, where the table is partitioned by time.
            (SELECT * FROM heimdall.session_measurements v
             WHERE v.measurement_id = f.measurement_id AND v.created_at = f.timestamp LIMIT 1)
          UNION ALL
            (SELECT * FROM heimdall.session_measurements v WHERE v.measurement_id = f.measurement_id LIMIT 1)
            LIMIT 1
        ) sm
        WHERE NOT f.extraction_failed
          AND (extract_again.session IS NULL OR f.recording_session_id = extract_again.session)
          AND (extract_again.measurement IS NULL OR f.measurement_id = extract_again.measurement)
          AND (extract_again.station IS NULL OR sm.websdr_station_id::text = extract_again.station::text)
          -- A row of an earlier extraction service names no version.
          AND (extractor_before IS NULL
               OR string_to_array(coalesce(substring(f.extraction_metadata ->> 'extractor_version'
                                                     FROM '^[0-9]{1,9}(?:[.][0-9]{1,9})*'), '0'), '.')::integer[]
                  < string_to_array(extractor_before, '.')::integer[])
          AND (since IS NULL OR f.timestamp >= since)
          AND (until IS NULL OR f.timestamp < until)
          AND heimdall.is_completed(sm.session_status)
        ORDER BY sm.session_created_at DESC NULLS LAST, sm.recording_session_id, sm.measured_at, sm.measurement_id
        -- One that is only looked at, or claimed for it, is extracted.
        ON CONFLICT (measurement_id) DO UPDATE
        SET only_changed = false, state = 'ready', due_at = NULL, attempt = 0, claim_id = NULL, worker_id = NULL,
            claimed_at = NULL
        WHERE q.only_changed AND NOT excluded.only_changed
        RETURNING q.recording_session_id
    )
    SELECT u.sessions, u.measurements INTO recordings_found, measurements_queued
    FROM (SELECT count(DISTINCT d.recording_session_id) AS sessions, count(*) AS measurements,
                 array_agg(DISTINCT d.recording_session_id) AS ids
          FROM queued d) u
    CROSS JOIN LATERAL heimdall.sessions_changed(u.ids);

    IF measurements_queued > 0 THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.extract_again(uuid, uuid, uuid, text, timestamptz, timestamptz, boolean) IS
    'Queues measurements that have features again: of a session, a measurement, a station, an extractor older than a '
    'version, or measured in [since, until). The old features stand until the new ones replace them. only_changed: '
    'objects with the same ETag keep their features.';
