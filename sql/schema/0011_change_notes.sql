-- What the application has changed, until a daemon has expanded it into rows of the queue. The triggers write here and
-- read nothing. Several ids share a row, so that a bulk load writes few rows.

CREATE TABLE heimdall.change_notes (
    id           bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT change_notes_pkey PRIMARY KEY,
    kind         text        NOT NULL,
    ids          uuid[]      NOT NULL,
    size         integer     GENERATED ALWAYS AS (cardinality(ids)) STORED,
    times        timestamptz[],
    old_sessions jsonb,
    noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz,
    failure      text,

    CONSTRAINT change_notes_kind_check CHECK (kind IN ('completed', 'session', 'measurement', 'settle')),
    CONSTRAINT change_notes_failure_waits CHECK (failure IS NULL OR due_at IS NOT NULL)
) WITH (
    -- Every row is deleted soon: vacuum after a fixed number of dead rows, and without pauses.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.5,
    autovacuum_analyze_threshold = 10000
);
-- The application's statement pays for each index. This one answers whether the completion of a session is still to be
-- expanded; most notes are not in it.
CREATE INDEX change_notes_completed_idx ON heimdall.change_notes (id) WHERE kind = 'completed';

-- What a cancelled backfill had queued. The sweep leaves it alone.
CREATE TABLE heimdall.cancelled_measurements (
    measurement_id uuid        CONSTRAINT cancelled_measurements_pkey PRIMARY KEY,
    backfill_id    uuid,
    cancelled_by   name        NOT NULL DEFAULT session_user,
    cancelled_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What a row was, or will be, extracted from: a hash of location, receiver, format and sample rate. NULL in rows that
-- were written before this file.
ALTER TABLE heimdall.feature_queue ADD COLUMN source_fingerprint bigint;
ALTER TABLE heimdall.measurement_features ADD COLUMN IF NOT EXISTS source_fingerprint bigint;

-- The last extraction that failed while the row has features, which stay. failed_fingerprint keeps the sweep from trying
-- the same object again and again.
ALTER TABLE heimdall.measurement_features
    ADD COLUMN IF NOT EXISTS failed_fingerprint bigint,
    ADD COLUMN IF NOT EXISTS last_error_kind text,
    ADD COLUMN IF NOT EXISTS last_error_message text,
    ADD COLUMN IF NOT EXISTS last_failed_at timestamptz;

-- After a fail-over that lost commits a sequence may give a number again, and a claim must never have the number of
-- another one. claim_measurements() takes random numbers.
DROP SEQUENCE IF EXISTS heimdall.claim_ids;

-- Sessions that were created before this time are history, which belongs to request_backfill(). The sweep leaves them
-- alone unless it is told otherwise.
ALTER TABLE heimdall.sweep_state ADD COLUMN history_before timestamptz;
UPDATE heimdall.sweep_state
SET history_before = (SELECT coalesce(min(m.applied_at), clock_timestamp()) FROM heimdall.schema_migrations m);

-- The triggers and functions that this file replaces.
DROP TRIGGER IF EXISTS heimdall_measurement_inserted ON heimdall.measurements;
DROP TRIGGER IF EXISTS heimdall_measurement_updated ON heimdall.measurements;
DROP TRIGGER IF EXISTS heimdall_session_inserted ON heimdall.recording_sessions;
DROP TRIGGER IF EXISTS heimdall_session_updated ON heimdall.recording_sessions;
DROP FUNCTION IF EXISTS heimdall.queue_completed_sessions();
DROP FUNCTION IF EXISTS heimdall.queue_late_measurements();
DROP FUNCTION IF EXISTS heimdall.claim_measurements(uuid, integer, bigint[]);
DROP FUNCTION IF EXISTS heimdall.enqueue_missing(integer);
DROP FUNCTION IF EXISTS heimdall.enqueue_sessions(text, smallint, uuid, timestamptz, timestamptz, bigint, boolean);

-- An older daemon does not expand notes.
INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (11, 'change_notes', 11);
