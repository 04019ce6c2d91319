-- The application's sessions in one shape for all installations: see functions/application/application_value.sql. Before
-- a column that is used here is dropped or retyped, this view must be dropped (CASCADE); the next migration creates all
-- views again.
DO $$
BEGIN
    PERFORM heimdall.define_view('application_sessions', $view$
CREATE OR REPLACE VIEW heimdall.application_sessions AS
SELECT {s.session_id}           AS session_id,
       {s.status}               AS status,
       {s.started_at}           AS started_at,
       {s.session_seconds}      AS duration_seconds,
       {s.session_frequency_hz} AS frequency_hz
FROM heimdall.recording_sessions s
    $view$);
END
$$;

COMMENT ON VIEW heimdall.application_sessions IS
    'The application''s sessions. The columns are the same whichever optional columns the table has.';
COMMENT ON COLUMN heimdall.application_sessions.session_id IS 'recording_sessions.id.';
COMMENT ON COLUMN heimdall.application_sessions.status IS 'Status; completed_statuses() says which ones count.';
COMMENT ON COLUMN heimdall.application_sessions.started_at IS
    'Start of the window: session_start, or created_at where the table has no session_start.';
COMMENT ON COLUMN heimdall.application_sessions.duration_seconds IS
    'Length of the window in seconds: session_end - session_start where both are known, else duration_seconds.';
COMMENT ON COLUMN heimdall.application_sessions.frequency_hz IS 'Centre frequency in Hz, or NULL.';
