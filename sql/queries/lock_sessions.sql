-- Purpose: first statement of a transaction that finishes measurements: one transaction at a time per session, so that the
--   one that finishes the last measurement sees that it is the last. In one order everywhere, against deadlocks.
-- Parameters: $1 recording_session_ids
-- Returns: nothing of use
SELECT pg_advisory_xact_lock(k.key)
FROM (SELECT DISTINCT hashtextextended(s::text, 0) AS key FROM unnest($1::uuid[]) s ORDER BY key) k;
