-- Queues earlier recordings, newest sessions first, after all other work. It examines the whole history (or the
-- sessions created in [since, until)) in one statement and stops after batch_size * max_batches sessions. Nothing is
-- queued twice, so a second call finds only what the first one left.
DO $migration$
BEGIN
    EXECUTE heimdall.fit_to_application($function$
CREATE OR REPLACE FUNCTION heimdall.request_backfill(
    batch_size     integer     DEFAULT 50,
    max_batches    integer     DEFAULT NULL,
    include_failed boolean     DEFAULT false,
    since          timestamptz DEFAULT NULL,
    until          timestamptz DEFAULT NULL,
    station        text        DEFAULT NULL
) RETURNS TABLE (backfill_id uuid, recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF batch_size IS NULL OR batch_size < 1 THEN
        RAISE EXCEPTION 'batch_size is %, must be at least 1', coalesce(batch_size::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF max_batches < 1 THEN
        RAISE EXCEPTION 'max_batches is %, must be at least 1, or NULL for all', max_batches
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF include_failed IS NULL THEN
        RAISE EXCEPTION 'include_failed is NULL, must be true or false' USING ERRCODE = 'invalid_parameter_value';
    ELSIF until <= since THEN
        RAISE EXCEPTION 'until (%) is not after since (%)', until, since USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF station IS NOT NULL
       AND NOT EXISTS (SELECT FROM heimdall.websdr_stations st
                       WHERE {st.station_name} = station OR {st.station_id}::text = station) THEN
        RAISE NOTICE 'heimdall: no station has the name or id %', quote_literal(station);
    END IF;
    PERFORM heimdall.hold_sweep();

    RAISE NOTICE 'heimdall: looking for measurements without features';
    backfill_id := gen_random_uuid();
    SELECT e.recordings_found, e.measurements_queued INTO recordings_found, measurements_queued
    FROM heimdall.enqueue_sessions(backfill_id, since, until,
                                   batch_size::bigint * max_batches, include_failed, station) e;
    INSERT INTO heimdall.backfills AS b (backfill_id, recordings_found, total, finished_at)
    VALUES (request_backfill.backfill_id, request_backfill.recordings_found, measurements_queued,
            CASE WHEN measurements_queued = 0 THEN clock_timestamp() END);
    -- What was cancelled before and is queued now. A lookup for each, whatever the statistics say.
    DELETE FROM heimdall.cancelled_measurements c
    WHERE (SELECT q.backfill_id FROM heimdall.feature_queue q WHERE q.measurement_id = c.measurement_id)
          = request_backfill.backfill_id;

    IF measurements_queued > 0 THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN NEXT;
END
$$
    $function$);
END
$migration$;

COMMENT ON FUNCTION heimdall.request_backfill(integer, integer, boolean, timestamptz, timestamptz, text) IS
    'Queues the measurements without features of completed sessions, newest first: at most batch_size * max_batches '
    'sessions (max_batches NULL: all), created in [since, until). include_failed: also measurements with an error row. '
    'station: only the receiver with this name or id. '
    'Progress: backfill_progress.';
