-- The switch that every claim looks at: one row.

CREATE TABLE heimdall.extraction_control (
    only_row     boolean     CONSTRAINT extraction_control_pkey PRIMARY KEY DEFAULT true,
    paused       boolean     NOT NULL DEFAULT false,
    pause_reason text,
    paused_by    name,
    paused_at    timestamptz,

    CONSTRAINT extraction_control_one_row CHECK (only_row),
    CONSTRAINT extraction_control_pause_is_signed CHECK (
        num_nonnulls(pause_reason, paused_by, paused_at) = CASE WHEN paused THEN 3 ELSE 0 END)
);
INSERT INTO heimdall.extraction_control DEFAULT VALUES;

COMMENT ON TABLE heimdall.extraction_control IS 'One row: may anything be claimed? Written by pause_extraction() and resume_extraction().';
COMMENT ON COLUMN heimdall.extraction_control.only_row IS 'Always true; keeps the table at one row.';
COMMENT ON COLUMN heimdall.extraction_control.paused IS 'True: no daemon claims anything; what is in flight is finished.';
COMMENT ON COLUMN heimdall.extraction_control.pause_reason IS 'As given to pause_extraction().';
COMMENT ON COLUMN heimdall.extraction_control.paused_by IS 'The database user who paused.';
COMMENT ON COLUMN heimdall.extraction_control.paused_at IS 'When.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (5, 'extraction_control');
