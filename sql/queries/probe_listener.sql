-- Purpose: sent on the listener's own connection: does this session still listen, and does its server take writes?
--   After a switch-over the old server may still answer, but nobody notifies there.
-- Parameters: none
-- Returns: listening, writable
SELECT EXISTS (SELECT FROM pg_listening_channels() AS c (channel)
               WHERE c.channel = 'heimdall_recording_completed') AS listening,
       current_setting('transaction_read_only') = 'off' AS writable;
