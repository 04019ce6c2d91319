-- Purpose: sent over the listener's own connection: does this session still listen?
-- Parameters: none
-- Returns: one row if it does
SELECT 1 AS listening FROM pg_listening_channels() AS c (channel) WHERE c.channel = 'heimdall_recording_completed';
