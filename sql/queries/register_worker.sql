-- Purpose: registers a daemon. From now on its heartbeats must come more often than its lease.
-- Parameters: $1 host, $2 process id, $3 version of heimdalld, $4 concurrency, $5 lease in ms, $6 schema version of its
--   build
-- Returns: worker_id
INSERT INTO heimdall.worker_heartbeats (host, pid, version, concurrency, lease_ms, schema_version)
VALUES ($1::text, $2::integer, $3::text, $4::integer, $5::bigint, $6::integer)
RETURNING worker_id;
