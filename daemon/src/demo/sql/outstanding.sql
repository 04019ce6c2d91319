-- Purpose: what is still queued.
-- Returns: rechecks, the measurements that wait for a recheck of a missing object; others, all other queued ones
SELECT count(*) FILTER (WHERE recheck) AS rechecks, count(*) FILTER (WHERE NOT recheck) AS others
FROM heimdall.feature_queue;
