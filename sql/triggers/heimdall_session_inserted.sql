-- Queues the measurements of sessions that are completed from the start.
-- Not replaced where it stands: that would lock the application's table on every migration. A trigger that has to look
-- otherwise is dropped by the next file under schema/ first.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'heimdall.recording_sessions'::regclass AND tgname = 'heimdall_session_inserted') THEN
        CREATE TRIGGER heimdall_session_inserted
            AFTER INSERT ON heimdall.recording_sessions
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION heimdall.queue_completed_sessions();
        COMMENT ON TRIGGER heimdall_session_inserted ON heimdall.recording_sessions IS 'Queues the measurements of sessions that are completed from the start.';
    END IF;
END
$$;
