-- Segments of a long recording on their way into its row, within one transaction: nobody else ever sees a row here, and after a
-- crash there is nothing worth keeping.

CREATE UNLOGGED TABLE heimdall.feature_parts (
    claim_id          bigint  NOT NULL,
    part              integer NOT NULL CONSTRAINT feature_parts_part_check CHECK (part > 0),
    receiver_features jsonb[] NOT NULL,

    CONSTRAINT feature_parts_pkey PRIMARY KEY (claim_id, part)
);

COMMENT ON TABLE heimdall.feature_parts IS 'Always empty to look at: parts of receiver_features that are too many for one message, within the transaction that joins them.';
COMMENT ON COLUMN heimdall.feature_parts.claim_id IS 'feature_queue.claim_id of the recording.';
COMMENT ON COLUMN heimdall.feature_parts.part IS 'Their order, from 1.';
COMMENT ON COLUMN heimdall.feature_parts.receiver_features IS 'Segments, in order.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (10, 'feature_parts');
