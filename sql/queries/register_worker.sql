-- Purpose: announces a daemon; from now on it has to beat more often than its lease.
-- Parameters: $1 host, $2 process id, $3 version of heimdalld, $4 recordings at once, $5 lease in ms, $6 schema it was built for
-- Returns: worker_id
INSERT INTO heimdall.worker_heartbeats (host, pid, version, concurrency, lease_ms, schema_version)
VALUES ($1::text, $2::integer, $3::text, $4::integer, $5::bigint, $6::integer)
RETURNING worker_id;
