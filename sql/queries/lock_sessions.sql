-- Purpose: first statement of a transaction that finishes measurements. Only one such transaction runs at a time per
--   session, so the one that finishes the last measurement sees that it is the last. All take the locks in the same
--   order, so they do not deadlock.
-- Parameters: $1 recording_session_ids
-- Returns: rows without meaning
SELECT pg_advisory_xact_lock(k.key)
FROM (SELECT DISTINCT heimdall.session_lock_key(s) AS key FROM unnest($1::uuid[]) s ORDER BY key) k;
