-- Removes one measurement from the queue, unless a daemon works on it, and remembers it, so that the sweep does not
-- queue it again. Features and error rows stay.
CREATE OR REPLACE FUNCTION heimdall.cancel_measurement(id uuid) RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
SET lock_timeout = '5s'
AS $$
DECLARE
    cancelled heimdall.feature_queue;
BEGIN
    DELETE FROM heimdall.feature_queue q
    WHERE q.measurement_id = cancel_measurement.id AND q.state <> 'claimed'
    RETURNING q.* INTO cancelled;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM heimdall.feature_queue q WHERE q.measurement_id = cancel_measurement.id) THEN
            RAISE EXCEPTION 'a daemon works on measurement %', cancel_measurement.id
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'It takes seconds. Look again:  SELECT * FROM heimdall.measurement_status WHERE '
                             || format('measurement_id = %L;', cancel_measurement.id);
        END IF;
        RETURN false;
    END IF;
    INSERT INTO heimdall.cancelled_measurements (measurement_id, backfill_id)
    VALUES (cancel_measurement.id, cancelled.backfill_id)
    ON CONFLICT (measurement_id) DO UPDATE
    SET backfill_id = excluded.backfill_id, cancelled_by = excluded.cancelled_by, cancelled_at = excluded.cancelled_at;
    UPDATE heimdall.backfills b
    SET total = b.total - 1, cancelled = b.cancelled + 1,
        finished_at = coalesce(b.finished_at, CASE WHEN b.done + b.failed >= b.total - 1 THEN clock_timestamp() END)
    WHERE b.backfill_id = cancelled.backfill_id;
    -- The session may have nothing outstanding any more.
    INSERT INTO heimdall.change_notes (kind, ids) VALUES ('settle', ARRAY[cancelled.recording_session_id]);
    PERFORM heimdall.sessions_changed(ARRAY[cancelled.recording_session_id]);
    RETURN true;
END
$$;
COMMENT ON FUNCTION heimdall.cancel_measurement(uuid) IS
    'Removes one measurement from the queue. Returns whether it was queued.';
