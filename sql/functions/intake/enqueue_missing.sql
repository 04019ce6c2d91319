-- The sweep, the safety net for lost notes: looks for measurements of completed sessions that have neither features nor
-- a row in the queue, or whose features are of another object, session or time, in at most max_recordings sessions,
-- newest first. Its cost is bounded for any length of history: each call examines the newest sessions, then continues
-- where the last call stopped, and starts again after the oldest one. It leaves alone what a cancelled backfill had
-- queued and, without include_history, the sessions from before the installation: those belong to request_backfill().
-- Only one call runs at a time; a second one returns zeros immediately.
CREATE OR REPLACE FUNCTION heimdall.enqueue_missing(
    max_recordings integer DEFAULT 250, include_history boolean DEFAULT false
)
RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Less than deadlock_timeout, so that a deadlock with LOCK TABLE in the application ends this statement and not that one.
SET lock_timeout = '900ms'
AS $$
DECLARE
    -- Sessions per statement: one statement takes a few hundred milliseconds.
    chunk_sessions CONSTANT integer := 10000;
    -- Sessions per call: with seven receivers 210,000 measurements, two seconds of one core at 10 million. That is less
    -- than one per cent of a core every five minutes, and a history of a million sessions takes four hours.
    max_sessions   CONSTANT integer := 30000;
    examined integer := 0;
    upper_at timestamptz;   -- NULL: no limit, begin with the newest
    lower_at timestamptz;
    resume   timestamptz;
    oldest   timestamptz;   -- examine no older sessions; NULL: all
    swept    record;
BEGIN
    recordings_found := 0;
    measurements_queued := 0;
    IF max_recordings IS NULL OR max_recordings < 1 THEN
        RAISE EXCEPTION 'max_recordings is %, must be at least 1', coalesce(max_recordings::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT s.resume_before, CASE WHEN include_history THEN NULL ELSE s.history_before END INTO resume, oldest
    FROM heimdall.sweep_state s
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RAISE NOTICE 'heimdall: looking for sessions in which something is missing';

    LOOP
        SELECT s.started_at INTO lower_at
        FROM heimdall.application_sessions s
        WHERE s.started_at < coalesce(upper_at, 'infinity')
        ORDER BY s.started_at DESC
        OFFSET chunk_sessions - 1 LIMIT 1;

        IF lower_at <= oldest THEN
            lower_at := NULL;
        END IF;
        SELECT e.recordings_found, e.measurements_queued INTO swept
        FROM heimdall.sweep_sessions(coalesce(lower_at, oldest), upper_at, max_recordings - recordings_found) e;
        recordings_found := recordings_found + swept.recordings_found;
        measurements_queued := measurements_queued + swept.measurements_queued;
        examined := examined + chunk_sessions;

        IF recordings_found >= max_recordings THEN
            -- This chunk may contain more, so the next call examines it again. It always examines the newest chunk.
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
COMMENT ON FUNCTION heimdall.enqueue_missing(integer, boolean) IS
    'Queues measurements of completed sessions that have no features, no error row and no queue row, or features of '
    'another object, in at most max_recordings sessions. include_history: also sessions from before the installation. '
    'The sweep calls it; it is safe to call at any time.';
