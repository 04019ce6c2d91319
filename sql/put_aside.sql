-- The application may have a table measurement_features of its own, of another shape. Until the files of schema/ that
-- make ours have run, it and those of its indexes that have the names of ours get other names; results.sql gives them
-- back, in the same transaction. It is done once, by the first installation; the table itself stays as it is.
DO $$
DECLARE
    theirs CONSTANT regclass := to_regclass('heimdall.measurement_features');
    part   record;
BEGIN
    IF theirs IS NULL OR heimdall.fits_results(theirs)
       OR EXISTS (SELECT FROM heimdall.schema_migrations m WHERE m.version = 2) THEN
        RETURN;
    END IF;
    FOR part IN
        SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = theirs AND starts_with(c.relname, 'measurement_features_')
    LOOP
        EXECUTE format('ALTER INDEX heimdall.%I RENAME TO %I', part.name, 'heimdall_aside_' || part.name);
    END LOOP;
    ALTER TABLE heimdall.measurement_features RENAME TO heimdall_aside_measurement_features;
END
$$;
