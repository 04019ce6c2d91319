-- Queues the measurements of sessions that become completed.
-- Not replaced where it stands: that would lock the application's table on every migration. A trigger that has to look
-- otherwise is dropped by the next file under schema/ first.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'heimdall.recording_sessions'::regclass AND tgname = 'heimdall_session_updated') THEN
        CREATE TRIGGER heimdall_session_updated
            AFTER UPDATE ON heimdall.recording_sessions
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION heimdall.queue_completed_sessions();
        COMMENT ON TRIGGER heimdall_session_updated ON heimdall.recording_sessions IS 'Queues the measurements of sessions that become completed.';
    END IF;
END
$$;
