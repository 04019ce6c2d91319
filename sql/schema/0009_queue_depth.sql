-- The last count of the queue, one row. Counting a million rows takes a third of a second, so all daemons share it.

CREATE TABLE heimdall.queue_depth (
    only_row   boolean     CONSTRAINT queue_depth_pkey PRIMARY KEY DEFAULT true,
    counted_at timestamptz,
    took_ms    double precision NOT NULL DEFAULT 0,
    counts     jsonb       NOT NULL DEFAULT '[]',

    CONSTRAINT queue_depth_one_row CHECK (only_row),
    CONSTRAINT queue_depth_counts_check CHECK (jsonb_typeof(counts) = 'array')
) WITH (fillfactor = 50);
INSERT INTO heimdall.queue_depth DEFAULT VALUES;

INSERT INTO heimdall.schema_migrations (version, name) VALUES (9, 'queue_depth');
