-- One row per request_backfill(). The daemons update the counters.

CREATE TABLE heimdall.backfills (
    backfill_id      uuid        CONSTRAINT backfills_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    requested_by     name        NOT NULL DEFAULT session_user,
    requested_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    recordings_found bigint      NOT NULL CONSTRAINT backfills_recordings_check CHECK (recordings_found >= 0),
    total            bigint      NOT NULL CONSTRAINT backfills_total_check CHECK (total >= 0),
    done             bigint      NOT NULL DEFAULT 0 CONSTRAINT backfills_done_check CHECK (done >= 0),
    failed           bigint      NOT NULL DEFAULT 0 CONSTRAINT backfills_failed_check CHECK (failed >= 0),
    finished_at      timestamptz,
    cancelled_at     timestamptz
) WITH (fillfactor = 50);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (3, 'backfills');
