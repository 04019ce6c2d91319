-- A double of TimescaleDB, for what of it matters here: the catalogue of hypertables, and what a hypertable refuses.
-- Rows stay in one table.
CREATE SCHEMA _timescaledb_catalog;
CREATE TABLE _timescaledb_catalog.hypertable (id serial PRIMARY KEY, schema_name name NOT NULL, table_name name NOT NULL);
GRANT USAGE ON SCHEMA _timescaledb_catalog TO PUBLIC;
GRANT SELECT ON _timescaledb_catalog.hypertable TO PUBLIC;
CREATE FUNCTION public.create_hypertable(relation regclass, time_column_name name) RETURNS void LANGUAGE sql AS $$
    INSERT INTO _timescaledb_catalog.hypertable (schema_name, table_name)
    SELECT c.relnamespace::regnamespace::text, c.relname FROM pg_class c WHERE c.oid = relation
$$;
CREATE FUNCTION _timescaledb_catalog.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM _timescaledb_catalog.hypertable h WHERE current_query() ~ ('\m' || h.table_name || '\M')) THEN
        RETURN;
    ELSIF tg_tag = 'CREATE INDEX' AND current_query() ~* '^\s*CREATE INDEX CONCURRENTLY' THEN
        RAISE EXCEPTION 'hypertables do not support concurrent index creation' USING ERRCODE = 'feature_not_supported';
    ELSIF tg_tag = 'ALTER TABLE' AND current_query() ~* '^\s*ALTER TABLE.*(ENABLE|DISABLE).*TRIGGER' THEN
        RAISE EXCEPTION 'hypertables do not support  enabling or disabling triggers.' USING ERRCODE = 'feature_not_supported';
    END IF;
END
$$;
CREATE EVENT TRIGGER timescaledb_double ON ddl_command_start EXECUTE FUNCTION _timescaledb_catalog.refuse();
