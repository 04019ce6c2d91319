-- Purpose: removes a daemon that stops normally, after release.sql.
-- Parameters: $1 worker_id
-- Returns: nothing
DELETE FROM heimdall.worker_heartbeats WHERE worker_id = $1::uuid;
