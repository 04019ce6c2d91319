-- Removes from the queue what a backfill has queued, and remembers it, so that the sweep does not queue it again. A
-- measurement stays if a daemon has claimed it, or if its session completed again since (its source is then live).
CREATE OR REPLACE FUNCTION heimdall.cancel_backfill(id uuid)
RETURNS TABLE (backfill_id uuid, measurements_cancelled bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    backfill_id := cancel_backfill.id;
    IF (SELECT b.total - b.done - b.failed > 10000 FROM heimdall.backfills b WHERE b.backfill_id = cancel_backfill.id) THEN
        RAISE NOTICE 'heimdall: removing the measurements of the backfill from the queue';
    END IF;
    -- One of the sessions may have nothing outstanding any more.
    WITH cancelled AS (
        DELETE FROM heimdall.feature_queue q
        WHERE q.backfill_id = cancel_backfill.id AND q.source = 'backfill' AND q.state <> 'claimed'
        RETURNING q.measurement_id, q.recording_session_id
    ), kept AS (
        -- The sweep leaves these alone. Another backfill may queue them again.
        INSERT INTO heimdall.cancelled_measurements (measurement_id, backfill_id)
        SELECT c.measurement_id, cancel_backfill.id FROM cancelled c
        ON CONFLICT (measurement_id) DO UPDATE
        SET backfill_id = excluded.backfill_id, cancelled_by = excluded.cancelled_by,
            cancelled_at = excluded.cancelled_at
    ), to_settle AS (
        INSERT INTO heimdall.change_notes (kind, ids)
        SELECT 'settle', array_agg(s.id)
        FROM (SELECT d.id, row_number() OVER () / 100 AS part
              FROM (SELECT DISTINCT c.recording_session_id AS id FROM cancelled c) d) s
        GROUP BY s.part
    )
    SELECT u.measurements INTO measurements_cancelled
    FROM (SELECT count(*) AS measurements, array_agg(DISTINCT c.recording_session_id) AS ids FROM cancelled c) u
    CROSS JOIN LATERAL heimdall.sessions_changed(u.ids);

    UPDATE heimdall.backfills b
    SET total = b.total - measurements_cancelled, cancelled = b.cancelled + measurements_cancelled,
        cancelled_at = coalesce(b.cancelled_at, clock_timestamp()),
        finished_at = CASE WHEN b.done + b.failed >= b.total - measurements_cancelled THEN clock_timestamp() END
    WHERE b.backfill_id = cancel_backfill.id AND b.finished_at IS NULL;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM heimdall.backfills b WHERE b.backfill_id = cancel_backfill.id) THEN
        RAISE EXCEPTION 'there is no backfill %', coalesce(cancel_backfill.id::text, 'NULL')
            USING ERRCODE = 'no_data_found';
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.cancel_backfill(uuid) IS
    'Removes the measurements of a backfill from the queue, except those in flight. Returns how many it removed.';
