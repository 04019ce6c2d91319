-- The six triggers on the application's tables. Each one runs once per statement. An existing trigger is not replaced,
-- because that would lock the application's table in every migration. To change one, the next file under schema/ drops
-- it first. A table that inherits from the application's has its own, because a statement for it fires no other.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT w.*, h.relation AS of
        FROM (VALUES
            ('heimdall_measurement_inserted', 'INSERT', 'measurements', 'NEW TABLE AS new_rows',
             'note_measurement_changes', 'Notes new measurements.'),
            ('heimdall_measurement_updated', 'UPDATE', 'measurements', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
             'note_measurement_changes', 'Notes measurements whose object, time, session or receiver changes.'),
            ('heimdall_measurement_deleted', 'DELETE', 'measurements', 'OLD TABLE AS old_rows',
             'note_measurement_changes', 'Notes deleted measurements.'),
            ('heimdall_session_inserted', 'INSERT', 'recording_sessions', 'NEW TABLE AS new_rows',
             'note_session_changes', 'Notes sessions that are completed from the start.'),
            ('heimdall_session_updated', 'UPDATE', 'recording_sessions', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
             'note_session_changes', 'Notes sessions that become completed, or whose window changes.'),
            ('heimdall_session_deleted', 'DELETE', 'recording_sessions', 'OLD TABLE AS old_rows',
             'note_session_changes', 'Notes deleted sessions.')
        ) AS w (name, event, relation, transition_tables, function_name, meaning)
        CROSS JOIN LATERAL heimdall.inheriting_tables(format('heimdall.%I', w.relation)::regclass) h
        WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = h.relation AND t.tgname = w.name)
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s REFERENCING %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION heimdall.%I()',
                       wanted.name, wanted.event, wanted.of, wanted.transition_tables, wanted.function_name);
        EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', wanted.name, wanted.of, wanted.meaning);
    END LOOP;
END
$$;
