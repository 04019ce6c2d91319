-- Purpose: the locks of settle_sessions.sql, sent before it and after the results are stored. It is a statement of its
--   own, so that a wait for another daemon is known as one. All transactions take the locks in the same order, so they
--   do not deadlock.
-- Parameters: $1 recording_session_ids
-- Returns: rows without meaning
-- Plan: Index Scan using session_locks_pkey; no row changes.
SELECT l.key FROM heimdall.session_locks l
WHERE l.key = ANY (ARRAY(SELECT heimdall.session_lock_key(s) FROM unnest($1::uuid[]) s))
ORDER BY l.key
FOR UPDATE;
