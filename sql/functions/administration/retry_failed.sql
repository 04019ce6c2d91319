-- Queues measurements that have an error row again, with all tries, before backfills. It skips those that are queued
-- already, but for rechecks, and those whose measurement or session no longer exists. Without
-- arguments it also makes those ready that wait because not even an error row could be written.
CREATE OR REPLACE FUNCTION heimdall.retry_failed(
    error_kind text        DEFAULT NULL,
    since      timestamptz DEFAULT NULL,
    until      timestamptz DEFAULT NULL
) RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    inserted uuid[];
    others   uuid[];
BEGIN
    IF until <= since THEN
        RAISE EXCEPTION 'until (%) is not after since (%)', until, since USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM heimdall.check_error_kind(error_kind);
    PERFORM heimdall.hold_sweep();
    RAISE NOTICE 'heimdall: looking for measurements that failed';

    WITH queued AS (
        INSERT INTO heimdall.feature_queue AS q
            (measurement_id, recording_session_id, measured_at, source, priority, source_fingerprint)
        SELECT w.measurement_id, w.recording_session_id, w.measured_at, 'retry', 1,
               heimdall.source_fingerprint(w.iq_data_location, w.websdr_station_id::text, w.iq_data_format,
                                           w.iq_sample_rate)
        FROM (
            -- An earlier extraction service wrote one error row per try.
            SELECT DISTINCT ON (sm.measurement_id) sm.*
            FROM heimdall.extracted_features f
            CROSS JOIN LATERAL (
                -- First in the partition of its time, where the table is partitioned by time.
                (SELECT * FROM heimdall.session_measurements v
                 WHERE v.measurement_id = f.measurement_id AND v.created_at = f.timestamp LIMIT 1)
              UNION ALL
                (SELECT * FROM heimdall.session_measurements v WHERE v.measurement_id = f.measurement_id LIMIT 1)
                LIMIT 1
            ) sm
            WHERE f.extraction_failed
              AND (retry_failed.error_kind IS NULL OR f.error_kind = retry_failed.error_kind)
              AND (since IS NULL OR f.updated_at >= since)
              AND (until IS NULL OR f.updated_at < until)
              AND heimdall.is_completed(sm.session_status)
              -- It also left error rows next to the features that came later.
              AND NOT EXISTS (SELECT FROM heimdall.extracted_features g
                              WHERE g.measurement_id = f.measurement_id AND NOT g.extraction_failed)
            ORDER BY sm.measurement_id
        ) w
        ORDER BY w.session_created_at DESC NULLS LAST, w.recording_session_id, w.measured_at, w.measurement_id
        -- One that waits for its next recheck is tried now.
        ON CONFLICT (measurement_id) DO UPDATE
        SET state = 'ready', due_at = NULL, attempt = 0, recheck = false, failure = NULL, source = 'retry',
            priority = least(q.priority, 1::smallint)
        WHERE q.state = 'waiting' AND q.recheck
        RETURNING q.measurement_id
    ), unparked AS (
        -- See queries/park.sql.
        UPDATE heimdall.feature_queue q
        SET state = 'ready', due_at = NULL, attempt = 0, recheck = false, failure = NULL
        WHERE retry_failed.error_kind IS NULL AND since IS NULL AND until IS NULL
          AND q.measurement_id = ANY (ARRAY(SELECT p.measurement_id FROM heimdall.feature_queue p
                                            WHERE p.state = 'waiting' AND p.due_at = 'infinity'
                                            FOR UPDATE SKIP LOCKED))
        RETURNING q.measurement_id
    )
    SELECT ARRAY(SELECT measurement_id FROM queued), ARRAY(SELECT measurement_id FROM unparked) INTO inserted, others;
    SELECT w.* INTO recordings_found, measurements_queued FROM heimdall.withdraw_finished(inserted, false, others) w;

    IF measurements_queued > 0 THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.retry_failed(text, timestamptz, timestamptz) IS
    'Queues failed measurements again: all, or those of one error_kind, or those that failed in [since, until). '
    'Without arguments also those for which not even an error row could be written.';
