-- Our table of results. It is measurement_features, unless that name belongs to a table of the application, or is left
-- to it; then it is heimdalld_measurement_features.
CREATE OR REPLACE FUNCTION heimdall.results_table() RETURNS regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(to_regclass('heimdall.heimdalld_measurement_features'), to_regclass('heimdall.measurement_features'))
$$;
COMMENT ON FUNCTION heimdall.results_table() IS 'Our table of results: measurement_features, or the name it has instead.';
