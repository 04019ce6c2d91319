-- One row per request_backfill(); the counters are kept by the daemons.

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

COMMENT ON TABLE heimdall.backfills IS 'Requests to extract the features of recordings already made. Written by request_backfill() and cancel_backfill(), counted up by heimdalld. To read: backfill_progress.';
COMMENT ON COLUMN heimdall.backfills.backfill_id IS 'The request.';
COMMENT ON COLUMN heimdall.backfills.requested_by IS 'The database user who asked.';
COMMENT ON COLUMN heimdall.backfills.requested_at IS 'When, database clock.';
COMMENT ON COLUMN heimdall.backfills.recordings_found IS 'Sessions that had something to queue.';
COMMENT ON COLUMN heimdall.backfills.total IS 'Measurements queued, less those cancelled and those that no longer exist.';
COMMENT ON COLUMN heimdall.backfills.done IS 'Measurements that got features.';
COMMENT ON COLUMN heimdall.backfills.failed IS 'Measurements that got an error row.';
COMMENT ON COLUMN heimdall.backfills.finished_at IS 'When done + failed reached total; NULL until then.';
COMMENT ON COLUMN heimdall.backfills.cancelled_at IS 'When cancel_backfill() was called; NULL otherwise.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (3, 'backfills');
