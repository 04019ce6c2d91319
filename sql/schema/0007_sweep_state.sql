-- Progress of the sweep, one row. It is separate from extraction_control because a sweep locks this row while it runs,
-- and a pause must not wait for that.

CREATE TABLE heimdall.sweep_state (
    only_row      boolean     CONSTRAINT sweep_state_pkey PRIMARY KEY DEFAULT true,
    last_sweep_at timestamptz,
    resume_before timestamptz,

    CONSTRAINT sweep_state_one_row CHECK (only_row)
);
INSERT INTO heimdall.sweep_state DEFAULT VALUES;

INSERT INTO heimdall.schema_migrations (version, name) VALUES (7, 'sweep_state');
