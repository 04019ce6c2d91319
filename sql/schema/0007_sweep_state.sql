-- Where the sweep stands: one row. Apart from extraction_control, since a sweep holds this row for as long as it
-- runs and a pause must not wait for it.

CREATE TABLE heimdall.sweep_state (
    only_row      boolean     CONSTRAINT sweep_state_pkey PRIMARY KEY DEFAULT true,
    last_sweep_at timestamptz,
    resume_before timestamptz,

    CONSTRAINT sweep_state_one_row CHECK (only_row)
);
INSERT INTO heimdall.sweep_state DEFAULT VALUES;

COMMENT ON TABLE heimdall.sweep_state IS 'One row: progress of enqueue_missing() through the history. Written by it and by the daemons'' sweep.';
COMMENT ON COLUMN heimdall.sweep_state.only_row IS 'Always true; keeps the table at one row.';
COMMENT ON COLUMN heimdall.sweep_state.last_sweep_at IS 'When a daemon last began a sweep; others leave it alone for the interval.';
COMMENT ON COLUMN heimdall.sweep_state.resume_before IS 'Sessions created before this are examined next; NULL: begin with the newest.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (7, 'sweep_state');
