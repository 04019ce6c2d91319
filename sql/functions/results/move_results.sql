-- Leaves the name measurement_features to the application: our table of results and its indexes become
-- heimdalld_measurement_features. Nothing else changes, since all of ours reads and writes the view extracted_features.
CREATE OR REPLACE FUNCTION heimdall.move_results() RETURNS regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
BEGIN
    IF to_regclass('heimdall.heimdalld_measurement_features') IS NULL THEN
        FOR part IN
            SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = 'heimdall.measurement_features'::regclass AND c.relname LIKE 'measurement\_features\_%'
        LOOP
            EXECUTE format('ALTER INDEX heimdall.%I RENAME TO %I', part.name, 'heimdalld_' || part.name);
        END LOOP;
        ALTER TABLE heimdall.measurement_features RENAME TO heimdalld_measurement_features;
    END IF;
    RETURN heimdall.results_table();
END
$$;
COMMENT ON FUNCTION heimdall.move_results() IS
    'Renames our table of results to heimdalld_measurement_features, so that the application can have a table '
    'measurement_features. Returns our table. For the owner.';
