-- What the samples need: the receiver of a row of results without reading its objects, and session_features by second.

-- The receiver's name. NULL in rows that were written before this file: the views read it from their objects.
DO $$
BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS rx_id text',
                   coalesce(to_regclass('heimdall.heimdalld_measurement_features'),
                            to_regclass('heimdall.measurement_features')));
END
$$;

-- It had one row for each segment_index. The file in views/ makes it again.
DROP VIEW IF EXISTS heimdall.session_features;

INSERT INTO heimdall.schema_migrations (version, name) VALUES (16, 'samples');
