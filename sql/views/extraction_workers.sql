-- The daemons that are alive: their heartbeat is younger than the lease that they registered with.
CREATE OR REPLACE VIEW heimdall.extraction_workers AS
SELECT worker_id, host, pid, version, concurrency, in_flight, started_at, beat_at AS last_heartbeat, stalled
FROM heimdall.worker_heartbeats
WHERE beat_at > clock_timestamp() - lease_ms * interval '1 millisecond';

COMMENT ON VIEW heimdall.extraction_workers IS 'Daemons that are alive.';
COMMENT ON COLUMN heimdall.extraction_workers.worker_id IS 'One run of one daemon.';
COMMENT ON COLUMN heimdall.extraction_workers.host IS 'Host name that the daemon reports.';
COMMENT ON COLUMN heimdall.extraction_workers.pid IS 'Process id on that host.';
COMMENT ON COLUMN heimdall.extraction_workers.version IS 'Version of heimdalld.';
COMMENT ON COLUMN heimdall.extraction_workers.concurrency IS 'Maximum number of recordings in flight.';
COMMENT ON COLUMN heimdall.extraction_workers.in_flight IS 'Recordings in flight at the last heartbeat.';
COMMENT ON COLUMN heimdall.extraction_workers.started_at IS 'When it registered, database clock.';
COMMENT ON COLUMN heimdall.extraction_workers.last_heartbeat IS 'Last heartbeat, database clock.';
COMMENT ON COLUMN heimdall.extraction_workers.stalled IS
    'What it cannot do at present: for each step or measurement since when, and why.';
