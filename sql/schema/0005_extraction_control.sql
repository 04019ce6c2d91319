-- The pause switch, one row. Every claim reads it.

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

INSERT INTO heimdall.schema_migrations (version, name) VALUES (5, 'extraction_control');
