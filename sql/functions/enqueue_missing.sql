-- The sweep: queues measurements of completed sessions that have neither a feature row nor a queue row, of at most
-- max_recordings sessions, newest first. Its cost has a bound whatever the length of the history: every call looks at
-- the newest sessions, then goes on where the last call stopped, and begins anew when it has come to the oldest.
-- One at a time; a call that finds another at work returns zeros.
CREATE OR REPLACE FUNCTION heimdall.enqueue_missing(max_recordings integer DEFAULT 250)
RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- A chunk is what the planner gets at a time: enough for set-wise joins, a few hundred milliseconds.
    chunk_sessions CONSTANT integer := 10000;
    -- With seven receivers 210,000 measurements a call, two seconds of one core at 10 million: less than one per cent of
    -- it every five minutes, and a history of a million sessions is gone through in four hours.
    max_sessions   CONSTANT integer := 30000;
    examined integer := 0;
    upper_at timestamptz;   -- NULL: no bound, the newest
    lower_at timestamptz;
    resume   timestamptz;
    found    bigint;
    queued   bigint;
BEGIN
    recordings_found := 0;
    measurements_queued := 0;
    IF max_recordings IS NULL OR max_recordings < 1 THEN
        RAISE EXCEPTION 'max_recordings is %, must be at least 1', coalesce(max_recordings::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('heimdall.enqueue', 0)) THEN
        RETURN NEXT;
        RETURN;
    END IF;

    SELECT s.resume_before INTO resume FROM heimdall.sweep_state s;
    LOOP
        SELECT s.created_at INTO lower_at
        FROM heimdall.recording_sessions s
        WHERE s.created_at < coalesce(upper_at, 'infinity')
        ORDER BY s.created_at DESC
        OFFSET chunk_sessions - 1 LIMIT 1;

        SELECT e.recordings_found, e.measurements_queued INTO found, queued
        FROM heimdall.enqueue_sessions('sweep', 1::smallint, NULL, lower_at, upper_at,
                                       max_recordings - recordings_found, false) e;
        recordings_found := recordings_found + found;
        measurements_queued := measurements_queued + queued;
        examined := examined + chunk_sessions;

        IF recordings_found >= max_recordings THEN
            -- This chunk may hold more: it is looked at again. The newest one is anyway.
            resume := coalesce(upper_at, resume);
            EXIT;
        ELSIF lower_at IS NULL THEN
            resume := NULL;
            EXIT;
        ELSIF upper_at IS NULL THEN
            upper_at := least(lower_at, resume);
        ELSE
            upper_at := lower_at;
        END IF;
        resume := upper_at;
        EXIT WHEN examined >= max_sessions;
    END LOOP;
    UPDATE heimdall.sweep_state s SET resume_before = resume WHERE s.resume_before IS DISTINCT FROM resume;

    IF measurements_queued > 0 THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.enqueue_missing(integer) IS 'Queues measurements of completed sessions that have neither features nor an error row nor a queue row, of at most so many sessions. What the sweep calls; safe to call at any time.';
