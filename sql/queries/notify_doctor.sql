-- Purpose: sends a notification that `heimdalld doctor` receives on another connection, to test LISTEN and NOTIFY.
-- Parameters: $1 payload, a new random text each time
-- Returns: a row without meaning
SELECT pg_notify('heimdall_doctor', $1::text);
