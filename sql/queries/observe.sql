-- Purpose: what readiness and metrics need to know of the database, whenever somebody asks for them.
-- Parameters: none
-- Returns: one row: paused, workers alive, share of the notification queue in use
-- Plan: a handful of rows each; 3 buffers, 0.04 ms and 0.1 ms to plan
SELECT (SELECT paused FROM heimdall.extraction_control) AS paused,
       (SELECT count(*) FROM heimdall.extraction_workers) AS workers,
       pg_notification_queue_usage() AS notification_queue_usage;
