-- Trigger function for tables that logical replication writes: statement triggers do not fire for what it applies, row
-- triggers with ENABLE REPLICA do. It notes each changed row like note_measurement_changes() and note_session_changes(),
-- and never fails the row that fires it. The argument of the trigger names the table, because a partition has another
-- name.
CREATE OR REPLACE FUNCTION heimdall.note_replicated_change() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- NULL without an old or a new row. Columns that an installation lacks are NULL too.
    was    CONSTANT jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    is_now CONSTANT jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF TG_ARGV[0] = 'measurements' THEN
        IF TG_OP <> 'DELETE' AND NEW.iq_data_location IS NOT NULL AND is_now IS DISTINCT FROM was THEN
            INSERT INTO heimdall.change_notes (kind, ids, times)
            VALUES ('measurement', ARRAY[NEW.id], ARRAY[NEW.created_at]);
        ELSIF TG_OP <> 'INSERT' AND OLD.iq_data_location IS NOT NULL AND is_now IS DISTINCT FROM was THEN
            INSERT INTO heimdall.change_notes (kind, ids, times)
            VALUES ('measurement', ARRAY[OLD.id], ARRAY[OLD.created_at]);
        END IF;
        IF was ->> 'iq_data_location' IS NOT NULL AND is_now IS DISTINCT FROM was THEN
            PERFORM heimdall.sessions_changed(ARRAY[heimdall.as_uuid(was ->> 'recording_session_id')]);
        END IF;
        RETURN NULL;
    END IF;

    IF was IS NOT NULL AND (is_now -> 'created_at', is_now -> 'duration_seconds', is_now -> 'frequency_hz')
                           IS DISTINCT FROM (was -> 'created_at', was -> 'duration_seconds', was -> 'frequency_hz') THEN
        INSERT INTO heimdall.change_notes (kind, ids, old_sessions)
        VALUES ('session', ARRAY[OLD.id],
                jsonb_build_array(jsonb_build_object('at', OLD.created_at, 'seconds', OLD.duration_seconds)));
    END IF;
    IF is_now ->> 'status' = 'completed' AND was ->> 'status' IS DISTINCT FROM 'completed' THEN
        INSERT INTO heimdall.change_notes (kind, ids) VALUES ('completed', ARRAY[NEW.id]);
        PERFORM heimdall.wake_workers();
    ELSIF was ->> 'status' = 'completed' AND is_now ->> 'status' <> 'completed' THEN
        PERFORM heimdall.sessions_changed(ARRAY[OLD.id]);
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: a replicated change was not noted for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The row itself is not affected; the next sweep finds it.';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION heimdall.note_replicated_change() IS
    'Trigger function of measurements and recording_sessions where logical replication writes them: notes the changed '
    'row.';
