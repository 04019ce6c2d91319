-- Whether a table is a hypertable of TimescaleDB. Such a table refuses CREATE INDEX CONCURRENTLY, and ENABLE and DISABLE
-- TRIGGER. The catalogue of TimescaleDB exists only where the extension does, hence the dynamic statement.
CREATE OR REPLACE FUNCTION heimdall.is_hypertable(relation regclass) RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    answer boolean;
BEGIN
    IF to_regclass('_timescaledb_catalog.hypertable') IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT EXISTS (SELECT FROM _timescaledb_catalog.hypertable h
                            JOIN pg_class c ON c.relname = h.table_name
                            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = h.schema_name
                            WHERE c.oid = $1)' INTO answer USING relation;
    RETURN answer;
END
$$;
COMMENT ON FUNCTION heimdall.is_hypertable(regclass) IS 'Whether the table is a hypertable of TimescaleDB.';
