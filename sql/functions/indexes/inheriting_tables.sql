-- A table of the application, and the tables that inherit from it, other than by declared partitions: a trigger or an index
-- of the upper one is not theirs. The chunks of a hypertable are TimescaleDB's own.
CREATE OR REPLACE FUNCTION heimdall.inheriting_tables(upper regclass) RETURNS TABLE (relation regclass, level integer)
LANGUAGE sql
STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE family AS (
        SELECT upper AS relation, 0 AS level
        WHERE upper IS NOT NULL
      UNION
        SELECT i.inhrelid::regclass, f.level + 1
        FROM family f
        JOIN pg_inherits i ON i.inhparent = f.relation
        JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r' AND NOT c.relispartition
        WHERE NOT heimdall.is_hypertable(upper)
    )
    SELECT f.relation, min(f.level) FROM family f GROUP BY f.relation ORDER BY 2, 1
$$;
COMMENT ON FUNCTION heimdall.inheriting_tables(regclass) IS
    'The table and those that inherit from it, other than by declared partitions.';
