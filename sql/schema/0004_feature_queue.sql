-- Outstanding work and nothing else: a finished measurement has no row here.

-- Each claim takes a number of its own; whoever writes a result must show it (the fencing token).
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
    -- Room for two more versions of each row on its page: ready, claimed, gone.
    fillfactor = 50,
    -- A queue is all churn: vacuum by the number of dead rows, not by a share of the table, and without pausing.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0,
    -- The plans on this table do not depend on its statistics; analysing a million rows on every wave gains nothing.
    autovacuum_analyze_scale_factor = 0.5,
    autovacuum_analyze_threshold = 10000
);

-- Each state has an index that holds its rows alone, so that none of them slows the others' statements.
CREATE INDEX feature_queue_ready_idx   ON heimdall.feature_queue (priority, id) WHERE state = 'ready';
CREATE INDEX feature_queue_claimed_idx ON heimdall.feature_queue (worker_id)    WHERE state = 'claimed';
CREATE INDEX feature_queue_waiting_idx ON heimdall.feature_queue (due_at)       WHERE state = 'waiting';
-- Is this session finished?
CREATE INDEX feature_queue_session_idx ON heimdall.feature_queue (recording_session_id);

COMMENT ON SEQUENCE heimdall.claim_ids IS 'Numbers of the claims.';
COMMENT ON TABLE heimdall.feature_queue IS 'Measurements whose features are still to be extracted, one row each. Filled by triggers, sweep and backfill; worked off and emptied by heimdalld.';
COMMENT ON COLUMN heimdall.feature_queue.measurement_id IS 'measurements.id.';
COMMENT ON COLUMN heimdall.feature_queue.id IS 'Order of arrival; within one priority the order of work.';
COMMENT ON COLUMN heimdall.feature_queue.recording_session_id IS 'The session, as session_measurements had it when the row was queued.';
COMMENT ON COLUMN heimdall.feature_queue.measured_at IS 'Time of the measurement, becomes measurement_features.timestamp.';
COMMENT ON COLUMN heimdall.feature_queue.state IS 'ready: may be claimed. claimed: in the hands of worker_id. waiting: a retry that is due at due_at.';
COMMENT ON COLUMN heimdall.feature_queue.source IS 'What queued it: live (a session completed, an object arrived late), retry (retry_failed), sweep, backfill.';
COMMENT ON COLUMN heimdall.feature_queue.priority IS '0 live, 1 retry and sweep, 2 backfill; lower first.';
COMMENT ON COLUMN heimdall.feature_queue.backfill_id IS 'The backfill that counts this measurement, if one does.';
COMMENT ON COLUMN heimdall.feature_queue.attempt IS 'Tries begun; one that was given back does not count.';
COMMENT ON COLUMN heimdall.feature_queue.crashes IS 'Daemons that were lost with this measurement in hand.';
COMMENT ON COLUMN heimdall.feature_queue.claim_id IS 'Number of the claim; a result with another number changes nothing. NULL unless claimed.';
COMMENT ON COLUMN heimdall.feature_queue.worker_id IS 'worker_heartbeats.worker_id of the owner. NULL unless claimed.';
COMMENT ON COLUMN heimdall.feature_queue.claimed_at IS 'When it was claimed. NULL unless claimed.';
COMMENT ON COLUMN heimdall.feature_queue.due_at IS 'When it may be tried again. NULL unless waiting.';
COMMENT ON COLUMN heimdall.feature_queue.recheck IS 'An error row stands already; this only looks once more whether the object has appeared. Does not keep a session open.';
COMMENT ON COLUMN heimdall.feature_queue.enqueued_at IS 'When it was queued.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (4, 'feature_queue');
