-- Purpose: what is still queued.
-- Returns: how many measurements wait for another look at a missing object, and how many for anything else
SELECT count(*) FILTER (WHERE recheck) AS rechecks, count(*) FILTER (WHERE NOT recheck) AS others
FROM heimdall.feature_queue;
