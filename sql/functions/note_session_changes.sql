-- Trigger function: notes which sessions have become completed, and notifies the daemons, once per statement. It also
-- notes sessions that were deleted, or whose window or frequency has changed, with the old window: measurements may
-- belong to another session now. Like note_measurement_changes it reads no table and never fails the statement.
CREATE OR REPLACE FUNCTION heimdall.note_session_changes() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_hashagg = off
AS $$
DECLARE
    completed uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(n.id) INTO completed FROM new_rows n WHERE n.status::text = 'completed';
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(c.id) INTO completed
        FROM (SELECT n.id FROM new_rows n WHERE n.status::text = 'completed'
              EXCEPT
              SELECT o.id FROM old_rows o WHERE o.status::text = 'completed') c;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO heimdall.change_notes (kind, ids, old_sessions)
        SELECT 'session', array_agg(c.id), jsonb_agg(jsonb_build_object('at', c.created_at, 'seconds',
                                                                        c.duration_seconds))
        FROM (SELECT u.*, (row_number() OVER () - 1) / 100 AS part
              FROM (SELECT id, created_at, duration_seconds, frequency_hz FROM old_rows
                    EXCEPT
                    SELECT id, created_at, duration_seconds, frequency_hz FROM new_rows) u) c
        GROUP BY c.part;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO heimdall.change_notes (kind, ids, old_sessions)
        SELECT 'session', array_agg(c.id), jsonb_agg(jsonb_build_object('at', c.created_at, 'seconds',
                                                                        c.duration_seconds))
        FROM (SELECT o.id, o.created_at, o.duration_seconds, (row_number() OVER () - 1) / 100 AS part
              FROM old_rows o) c
        GROUP BY c.part;
    END IF;
    IF completed IS NULL THEN
        RETURN NULL;
    END IF;

    INSERT INTO heimdall.change_notes (kind, ids)
    SELECT 'completed', completed[p : p + 99] FROM generate_series(1, cardinality(completed), 100) AS p;
    PERFORM heimdall.wake_workers();
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: changed sessions were not noted for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The statement itself is not affected; the next sweep finds the sessions.';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION heimdall.note_session_changes() IS
    'Trigger function of recording_sessions: notes which ones were completed, deleted, or have another window. Reads no '
    'table and never fails the statement that fires it.';
