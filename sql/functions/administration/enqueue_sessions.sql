-- Queues what is missing in completed sessions created in [since, until), newest sessions first. Called by
-- request_backfill, apart from it because of its settings.
-- A measurement is missing when it has neither a feature row nor a queue row; with include_failed an error row does
-- not count. NULL: no limit. The station is a name or an id. Sessions without a created_at count as the oldest.
CREATE OR REPLACE FUNCTION heimdall.enqueue_sessions(
    backfill_id uuid, since timestamptz, until timestamptz, max_recordings bigint, include_failed boolean,
    station text DEFAULT NULL
) RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
-- Index lookups: a range of sessions must not cost a scan of all features.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    queued uuid[];
BEGIN
    WITH missing AS (
        SELECT sm.recording_session_id, sm.session_created_at, sm.measurement_id, sm.measured_at,
               sm.iq_data_location, sm.websdr_station_id, sm.iq_data_format, sm.iq_sample_rate,
               dense_rank() OVER (ORDER BY sm.session_created_at DESC NULLS LAST, sm.recording_session_id)
                   AS nth_session
        FROM heimdall.session_measurements sm
        WHERE heimdall.is_completed(sm.session_status)
          AND (since IS NULL OR sm.session_created_at >= since)
          AND (station IS NULL OR sm.rx_id = station OR sm.websdr_station_id::text = station)
          AND (until IS NULL OR sm.session_created_at < until OR since IS NULL AND sm.session_created_at IS NULL)
          -- Scalar sub-selects instead of NOT EXISTS, which becomes a join. Where the last vacuum found the table
          -- empty, the planner would choose a scan of all of it for each measurement.
          AND (SELECT true FROM heimdall.extracted_features f
               WHERE f.measurement_id = sm.measurement_id AND NOT (include_failed AND f.extraction_failed)
               LIMIT 1) IS NULL
          AND (SELECT true FROM heimdall.feature_queue q WHERE q.measurement_id = sm.measurement_id) IS NULL
    ), queued AS (
        INSERT INTO heimdall.feature_queue AS q
            (measurement_id, recording_session_id, measured_at, source, priority, backfill_id, source_fingerprint)
        SELECT m.measurement_id, m.recording_session_id, m.measured_at,
               'backfill', 2, enqueue_sessions.backfill_id,
               heimdall.source_fingerprint(m.iq_data_location, m.websdr_station_id::text, m.iq_data_format,
                                           m.iq_sample_rate)
        FROM missing m
        WHERE max_recordings IS NULL OR m.nth_session <= max_recordings
        ORDER BY m.nth_session, m.measured_at, m.measurement_id
        ON CONFLICT DO NOTHING
        RETURNING q.measurement_id
    )
    SELECT array_agg(d.measurement_id) INTO queued FROM queued d;

    RETURN QUERY SELECT w.* FROM heimdall.withdraw_finished(queued, NOT include_failed) w;
END
$$;
COMMENT ON FUNCTION heimdall.enqueue_sessions(uuid, timestamptz, timestamptz, bigint, boolean, text) IS
    'Queues what is missing in completed sessions of a range of time, of one receiver or of all, newest first. Called by '
    'request_backfill() only.';
