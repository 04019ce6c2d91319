-- What the queue held when it was last counted: one row. Counting a million rows takes a third of a second; the daemons
-- share one count, however many they are and however often they are asked.

CREATE TABLE heimdall.queue_depth (
    only_row   boolean     CONSTRAINT queue_depth_pkey PRIMARY KEY DEFAULT true,
    counted_at timestamptz,
    took_ms    double precision NOT NULL DEFAULT 0,
    counts     jsonb       NOT NULL DEFAULT '[]',

    CONSTRAINT queue_depth_one_row CHECK (only_row),
    CONSTRAINT queue_depth_counts_check CHECK (jsonb_typeof(counts) = 'array')
) WITH (fillfactor = 50);
INSERT INTO heimdall.queue_depth DEFAULT VALUES;

COMMENT ON TABLE heimdall.queue_depth IS 'One row: the last count of feature_queue. Written by count_queue().';
COMMENT ON COLUMN heimdall.queue_depth.only_row IS 'Always true; keeps the table at one row.';
COMMENT ON COLUMN heimdall.queue_depth.counted_at IS 'When it was counted, database clock; NULL: never.';
COMMENT ON COLUMN heimdall.queue_depth.took_ms IS 'How long that took, milliseconds; the next count waits for fifty times as long.';
COMMENT ON COLUMN heimdall.queue_depth.counts IS 'One object for each source and state that has rows: source, state, measurements, oldest_at (least enqueued_at).';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (9, 'queue_depth');
