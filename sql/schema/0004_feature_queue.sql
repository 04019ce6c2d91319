-- Outstanding work only: a finished measurement has no row here.

-- Each claim gets a number of its own (the fencing token). Only the holder of the current number may write a result.
CREATE SEQUENCE heimdall.claim_ids AS bigint CACHE 1;

CREATE TABLE heimdall.feature_queue (
    measurement_id       uuid        CONSTRAINT feature_queue_pkey PRIMARY KEY,
    id                   bigint      GENERATED ALWAYS AS IDENTITY,
    recording_session_id uuid        NOT NULL,
    measured_at          timestamptz NOT NULL,
    state                text        NOT NULL DEFAULT 'ready',
    source               text        NOT NULL,
    priority             smallint    NOT NULL,
    backfill_id          uuid,
    attempt              integer     NOT NULL DEFAULT 0,
    crashes              integer     NOT NULL DEFAULT 0,
    claim_id             bigint,
    worker_id            uuid,
    claimed_at           timestamptz,
    due_at               timestamptz,
    recheck              boolean     NOT NULL DEFAULT false,
    enqueued_at          timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT feature_queue_state_check CHECK (state IN ('ready', 'claimed', 'waiting')),
    CONSTRAINT feature_queue_source_check CHECK (source IN ('live', 'retry', 'sweep', 'backfill')),
    CONSTRAINT feature_queue_priority_check CHECK (priority BETWEEN 0 AND 2),
    CONSTRAINT feature_queue_counts_check CHECK (attempt >= 0 AND crashes >= 0),
    CONSTRAINT feature_queue_claimed_has_owner CHECK (
        num_nonnulls(claim_id, worker_id, claimed_at) = CASE state WHEN 'claimed' THEN 3 ELSE 0 END),
    CONSTRAINT feature_queue_waiting_has_due_time CHECK ((state = 'waiting') = (due_at IS NOT NULL)),
    CONSTRAINT feature_queue_backfill_has_request CHECK (source <> 'backfill' OR backfill_id IS NOT NULL),
    CONSTRAINT feature_queue_recheck_was_tried CHECK (NOT recheck OR attempt > 0)
) WITH (
    -- Half of each page stays free, so that the next version of a row goes on the same page.
    fillfactor = 50,
    -- Every row is updated and deleted soon: vacuum after a fixed number of dead rows, and without pauses.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0,
    -- The plans on this table do not depend on its statistics, so frequent ANALYZE would gain nothing.
    autovacuum_analyze_scale_factor = 0.5,
    autovacuum_analyze_threshold = 10000
);

-- One partial index per state, so that the rows of one state do not slow down statements on another.
CREATE INDEX feature_queue_ready_idx   ON heimdall.feature_queue (priority, id) WHERE state = 'ready';
CREATE INDEX feature_queue_claimed_idx ON heimdall.feature_queue (worker_id)    WHERE state = 'claimed';
CREATE INDEX feature_queue_waiting_idx ON heimdall.feature_queue (due_at)       WHERE state = 'waiting';
-- For the question: has this session outstanding work?
CREATE INDEX feature_queue_session_idx ON heimdall.feature_queue (recording_session_id);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (4, 'feature_queue');
