-- Finds the measurements that lost notes have left behind in completed sessions created in [since, until), newest
-- sessions first, and brings their queue and features in line. NULL: no limit.
CREATE OR REPLACE FUNCTION heimdall.sweep_sessions(since timestamptz, until timestamptz, max_recordings bigint)
RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
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
    left_behind uuid[];
BEGIN
    SELECT array_agg(l.measurement_id ORDER BY l.nth_session, l.measurement_id), count(DISTINCT l.nth_session)
    INTO left_behind, recordings_found
    FROM (
        SELECT sm.measurement_id,
               dense_rank() OVER (ORDER BY sm.session_created_at DESC NULLS LAST, sm.recording_session_id)
                   AS nth_session
        FROM heimdall.session_measurements sm
        CROSS JOIN LATERAL (
            SELECT count(*) AS total,
                   coalesce(bool_or(mf.recording_session_id IS DISTINCT FROM sm.recording_session_id
                                    OR mf.source_fingerprint IS NOT NULL
                                       AND (mf.timestamp <> sm.measured_at
                                            OR mf.source_fingerprint <> p.fingerprint
                                               AND mf.failed_fingerprint IS DISTINCT FROM p.fingerprint)),
                            false) AS differs
            FROM heimdall.extracted_features mf
            CROSS JOIN LATERAL (
                SELECT heimdall.source_fingerprint(sm.iq_data_location, sm.websdr_station_id::text, sm.iq_data_format,
                                                   sm.iq_sample_rate) AS fingerprint
                OFFSET 0
            ) p
            WHERE mf.measurement_id = sm.measurement_id
            OFFSET 0
        ) f
        WHERE heimdall.is_completed(sm.session_status)
          AND (since IS NULL OR sm.session_created_at >= since)
          AND (until IS NULL OR sm.session_created_at < until OR since IS NULL AND sm.session_created_at IS NULL)
          AND (f.total = 0 OR f.differs)
          -- Scalar sub-selects instead of NOT EXISTS, which becomes a join that may read a whole table.
          AND (SELECT true FROM heimdall.feature_queue q WHERE q.measurement_id = sm.measurement_id) IS NULL
          AND (f.differs OR (SELECT true FROM heimdall.cancelled_measurements c
                             WHERE c.measurement_id = sm.measurement_id) IS NULL)
    ) l
    WHERE l.nth_session <= max_recordings;
    measurements_queued := 0;
    IF left_behind IS NOT NULL THEN
        SELECT a.queued INTO measurements_queued
        FROM heimdall.apply_changes(NULL, left_behind, NULL, false, 'sweep', 1::smallint, clock_timestamp()) a;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.sweep_sessions(timestamptz, timestamptz, bigint) IS
    'Queues or corrects what lost notes have left behind in completed sessions of a range of time. Called by '
    'enqueue_missing() only.';
