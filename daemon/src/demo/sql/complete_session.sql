-- Purpose: completes a session, which is all that the application does for the extraction.
-- Parameters: $1 session
UPDATE heimdall.recording_sessions SET status = 'completed', updated_at = now() WHERE id = $1::uuid;
