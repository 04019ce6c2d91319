-- Purpose: who holds what the daemon waits for, for log, readiness and extraction_workers.
-- Parameters: $1 pid of a server process of ours; NULL: all of this role's that have the daemon's name
-- Returns: pid, application_name, user_name, held_s (since when the holder's transaction is open; NULL where this role
--   may not see it) of each process that one of ours waits for, and relation (what it waits for)
-- Plan: pg_stat_activity and pg_locks, and pg_blocking_pids() only for processes that wait for a lock.
SELECT DISTINCT ON (h.pid) h.pid, h.application_name, h.usename::text AS user_name,
       extract(epoch FROM clock_timestamp() - h.xact_start)::double precision AS held_s,
       (SELECT coalesce(l.relation, t.relation)::regclass::text
        FROM pg_locks l
        LEFT JOIN pg_locks t ON t.pid = l.pid AND t.locktype = 'tuple'
        WHERE l.pid = w.pid AND NOT l.granted
        LIMIT 1) AS relation
FROM pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
JOIN pg_stat_activity h ON h.pid = b.pid
WHERE w.datname = current_database() AND w.wait_event_type = 'Lock' AND w.usename = current_user
  AND CASE WHEN $1::integer IS NULL THEN w.application_name LIKE 'heimdalld%' ELSE w.pid = $1::integer END
ORDER BY h.pid
LIMIT 5;
