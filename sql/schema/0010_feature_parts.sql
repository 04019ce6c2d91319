-- Segments of a long recording, until the same transaction joins them into its row. No other transaction ever sees a
-- row here. The table is unlogged because a crash leaves nothing worth keeping.

CREATE UNLOGGED TABLE heimdall.feature_parts (
    claim_id          bigint  NOT NULL,
    part              integer NOT NULL CONSTRAINT feature_parts_part_check CHECK (part > 0),
    receiver_features jsonb[] NOT NULL,

    CONSTRAINT feature_parts_pkey PRIMARY KEY (claim_id, part)
);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (10, 'feature_parts');
