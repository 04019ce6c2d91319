-- One row per running daemon. The heartbeat updates this row only, however many recordings are in flight.

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

INSERT INTO heimdall.schema_migrations (version, name) VALUES (6, 'worker_heartbeats');
