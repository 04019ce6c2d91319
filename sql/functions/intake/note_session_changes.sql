-- Trigger function: notes which sessions have become completed, and notifies the daemons, once per statement. It also
-- notes sessions that were deleted, or whose window or frequency has changed, with the old window: measurements may
-- belong to another session now. A session that is no longer completed changes only the kept counts. Like
-- note_measurement_changes it reads no table and never fails the statement.
DO $migration$
BEGIN
    EXECUTE heimdall.fit_to_application($function$
CREATE OR REPLACE FUNCTION heimdall.note_session_changes() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    batch CONSTANT integer := 100;
    completed uuid[];
    changed   uuid[];
    windows   jsonb[];
    reopened  uuid[];  -- completed before and not any more
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg({n.session_id}) INTO completed FROM new_rows n WHERE heimdall.is_completed({n.status});
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg({o.session_id}), array_agg(jsonb_build_object('at', {o.started_at}, 'seconds', {o.session_seconds}))
        INTO changed, windows
        FROM old_rows o;
    ELSE
        SELECT array_agg({n.session_id}) FILTER (WHERE heimdall.is_completed({n.status})
                                                   AND heimdall.is_completed({o.status}) IS NOT TRUE),
               array_agg({o.session_id}) FILTER (WHERE w.differs),
               array_agg(jsonb_build_object('at', {o.started_at}, 'seconds', {o.session_seconds}))
                   FILTER (WHERE w.differs),
               array_agg({o.session_id}) FILTER (WHERE heimdall.is_completed({o.status})
                                                   AND heimdall.is_completed({n.status}) IS NOT TRUE)
        INTO completed, changed, windows, reopened
        FROM new_rows n
        LEFT JOIN old_rows o ON o.id = n.id
        CROSS JOIN LATERAL (SELECT o.id IS NOT NULL
                                   AND ({n.started_at}, {n.session_seconds}, {n.session_frequency_hz})
                                       IS DISTINCT FROM
                                       ({o.started_at}, {o.session_seconds}, {o.session_frequency_hz}) AS differs) w;
    END IF;

    FOR i IN 1 .. coalesce(cardinality(changed), 0) BY batch LOOP
        INSERT INTO heimdall.change_notes (kind, ids, old_sessions)
        VALUES ('session', changed[i : i + batch - 1], to_jsonb(windows[i : i + batch - 1]));
    END LOOP;
    FOR i IN 1 .. coalesce(cardinality(completed), 0) BY batch LOOP
        INSERT INTO heimdall.change_notes (kind, ids) VALUES ('completed', completed[i : i + batch - 1]);
    END LOOP;
    IF reopened IS NOT NULL THEN
        PERFORM heimdall.sessions_changed(reopened);
    END IF;
    IF completed IS NOT NULL THEN
        -- What wake_workers() does. A new connection takes most of a millisecond to load that function and the one that
        -- it calls.
        IF pg_notification_queue_usage() > 0.9 THEN
            PERFORM heimdall.may_notify();  -- warns
        ELSE
            PERFORM pg_notify('heimdall_recording_completed', '');
        END IF;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: changed sessions were not noted for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The statement itself is not affected; the next sweep finds the sessions.';
    RETURN NULL;
END
$$
    $function$);
END
$migration$;

COMMENT ON FUNCTION heimdall.note_session_changes() IS
    'Trigger function of recording_sessions: notes which ones were completed, deleted, or have another window. Reads no '
    'table and never fails the statement that fires it.';
