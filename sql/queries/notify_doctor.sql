-- Purpose: does a notification come from one connection to another? Heard by the doctor alone.
-- Parameters: $1 payload, drawn anew
-- Returns: nothing of use
SELECT pg_notify('heimdall_doctor', $1::text);
