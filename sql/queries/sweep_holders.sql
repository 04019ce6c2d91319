-- Purpose: who may hold the row that a sweep needs, which does not wait for it.
-- Parameters: none
-- Returns: as blockers.sql
-- Plan: pg_locks and pg_stat_activity.
SELECT DISTINCT a.pid, a.application_name, a.usename::text AS user_name,
       extract(epoch FROM clock_timestamp() - a.xact_start)::double precision AS held_s,
       'heimdall.sweep_state' AS relation
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.relation = 'heimdall.sweep_state'::regclass AND l.granted
  AND l.mode IN ('RowShareLock', 'RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND a.pid <> pg_backend_pid()
LIMIT 5;
