-- The comment on measurement_features.receiver_features. It is set only where it differs, because COMMENT ON waits for
-- a running vacuum of the table.
DO $$
DECLARE
    meaning CONSTANT text :=
        'One object per 1000 ms segment: mean, std, min and max of each feature over the segment''s 200 ms chunks. '
        'Empty when extraction_failed.';
BEGIN
    IF col_description('heimdall.measurement_features'::regclass,
            (SELECT attnum FROM pg_attribute
             WHERE attrelid = 'heimdall.measurement_features'::regclass AND attname = 'receiver_features'))
        IS DISTINCT FROM meaning THEN
        EXECUTE format('COMMENT ON COLUMN heimdall.measurement_features.receiver_features IS %L', meaning);
    END IF;
END
$$;
