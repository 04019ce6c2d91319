-- Purpose: what readiness and metrics need from the database, for each request.
-- Parameters: none
-- Returns: one row: paused, workers (daemons alive), notification_queue_usage (0 to 1)
-- Plan: a few rows each; 3 buffers, 0.04 ms, and 0.1 ms to plan
SELECT coalesce((SELECT paused FROM heimdall.extraction_control), false) AS paused,
       (SELECT count(*) FROM heimdall.extraction_workers) AS workers,
       pg_notification_queue_usage() AS notification_queue_usage;
