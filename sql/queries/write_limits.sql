-- Purpose: first statement of a transaction that writes results: how long it may wait for a lock and how long each of
--   its statements may take. The server itself then ends a statement that waits for a row of somebody else.
-- Parameters: $1 lock_timeout and $2 statement_timeout, in ms
-- Returns: pid of the server process, for blockers.sql
SELECT pg_backend_pid() AS pid, set_config('lock_timeout', $1::text, true),
       set_config('statement_timeout', $2::text, true);
