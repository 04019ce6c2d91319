-- Purpose: sent over the listener's own connection: does this session still listen, and to a server that is written to? After a
--   switch-over the old one may go on answering, and nobody will ever notify there.
-- Parameters: none
-- Returns: listening, writable
SELECT EXISTS (SELECT FROM pg_listening_channels() AS c (channel) WHERE c.channel = 'heimdall_recording_completed') AS listening,
       current_setting('transaction_read_only') = 'off' AS writable;
