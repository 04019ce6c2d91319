-- Trigger function for tables that logical replication writes: statement triggers do not fire for what it applies, row
-- triggers with ENABLE REPLICA do. It notes each changed row like note_measurement_changes() and note_session_changes(),
-- and never fails the row that fires it. The argument of the trigger names the table, because a partition has another
-- name.
DO $migration$
BEGIN
    EXECUTE heimdall.fit_to_application($function$
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
            VALUES ('measurement', ARRAY[{NEW.measurement_id}], ARRAY[{NEW.measured_at}]);
        ELSIF TG_OP <> 'INSERT' AND OLD.iq_data_location IS NOT NULL AND is_now IS DISTINCT FROM was THEN
            INSERT INTO heimdall.change_notes (kind, ids, times)
            VALUES ('measurement', ARRAY[{OLD.measurement_id}], ARRAY[{OLD.measured_at}]);
        END IF;
        IF was ->> 'iq_data_location' IS NOT NULL AND is_now IS DISTINCT FROM was THEN
            PERFORM heimdall.sessions_changed(ARRAY[heimdall.as_uuid(was ->> 'recording_session_id')]);
        END IF;
        RETURN NULL;
    END IF;

    IF was IS NOT NULL AND (is_now IS NULL
                            OR ({NEW.started_at}, {NEW.session_seconds}, {NEW.session_frequency_hz})
                               IS DISTINCT FROM
                               ({OLD.started_at}, {OLD.session_seconds}, {OLD.session_frequency_hz})) THEN
        INSERT INTO heimdall.change_notes (kind, ids, old_sessions)
        VALUES ('session', ARRAY[{OLD.session_id}],
                jsonb_build_array(jsonb_build_object('at', {OLD.started_at}, 'seconds', {OLD.session_seconds})));
    END IF;
    IF heimdall.is_completed(is_now ->> 'status') AND heimdall.is_completed(was ->> 'status') IS NOT TRUE THEN
        INSERT INTO heimdall.change_notes (kind, ids) VALUES ('completed', ARRAY[{NEW.session_id}]);
        PERFORM heimdall.wake_workers();
    ELSIF heimdall.is_completed(was ->> 'status') AND NOT heimdall.is_completed(is_now ->> 'status') THEN
        PERFORM heimdall.sessions_changed(ARRAY[{OLD.session_id}]);
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: a replicated change was not noted for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The row itself is not affected; the next sweep finds it.';
    RETURN NULL;
END
$$
    $function$);
END
$migration$;

COMMENT ON FUNCTION heimdall.note_replicated_change() IS
    'Trigger function of measurements and recording_sessions where logical replication writes them: notes the changed '
    'row.';
