-- One row per running daemon: the whole of its liveness, however many recordings it has in flight.

CREATE TABLE heimdall.worker_heartbeats (
    worker_id   uuid        CONSTRAINT worker_heartbeats_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    host        text        NOT NULL,
    pid         integer     NOT NULL,
    version     text        NOT NULL,
    concurrency integer     NOT NULL CONSTRAINT worker_heartbeats_concurrency_check CHECK (concurrency > 0),
    in_flight   integer     NOT NULL DEFAULT 0 CONSTRAINT worker_heartbeats_in_flight_check CHECK (in_flight >= 0),
    lease_ms    bigint      NOT NULL CONSTRAINT worker_heartbeats_lease_check CHECK (lease_ms > 0),
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    beat_at     timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

COMMENT ON TABLE heimdall.worker_heartbeats IS 'Running daemons. Each writes its own row, a daemon that outlives its lease deletes the rows of those that did not. To read: extraction_workers.';
COMMENT ON COLUMN heimdall.worker_heartbeats.worker_id IS 'One run of one daemon; a restart is another worker.';
COMMENT ON COLUMN heimdall.worker_heartbeats.host IS 'Host name as the daemon knows it.';
COMMENT ON COLUMN heimdall.worker_heartbeats.pid IS 'Process id on that host.';
COMMENT ON COLUMN heimdall.worker_heartbeats.version IS 'Version of heimdalld.';
COMMENT ON COLUMN heimdall.worker_heartbeats.concurrency IS 'Recordings it works on at once, at most.';
COMMENT ON COLUMN heimdall.worker_heartbeats.in_flight IS 'Recordings in its hands at the last heartbeat.';
COMMENT ON COLUMN heimdall.worker_heartbeats.lease_ms IS 'Age of beat_at after which it is taken for dead, in milliseconds.';
COMMENT ON COLUMN heimdall.worker_heartbeats.started_at IS 'When it registered, database clock.';
COMMENT ON COLUMN heimdall.worker_heartbeats.beat_at IS 'Its last heartbeat, database clock.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (6, 'worker_heartbeats');
