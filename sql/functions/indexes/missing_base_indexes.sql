-- The statements that build the missing indexes on the application's tables. Run them outside a transaction, in one
-- session at a time: two builds on one table wait for each other's snapshots and deadlock. So this function takes a
-- session lock, and the last statement releases it. A caller that does not get the lock gets no rows: another session
-- builds the indexes.
--
-- An ordinary table gets its index with CONCURRENTLY. A partitioned table refuses that: each partition gets an index with
-- CONCURRENTLY, and the last statement only joins them, for which writers wait milliseconds. A hypertable of TimescaleDB
-- refuses it too: its index is built plainly, and writers wait until it is.
CREATE OR REPLACE FUNCTION heimdall.missing_base_indexes() RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statements text[];
BEGIN
    SELECT array_agg(s.text ORDER BY b.whole, b.is_whole, b.relation, s.n) INTO statements
    FROM (
        -- The table, or its partitions and then the table.
        SELECT m.index_name AS whole, m.relation, m.key, m.index_name, true AS is_whole, c.relnamespace AS schema,
               CASE WHEN c.relkind = 'p' OR heimdall.is_hypertable(m.relation) THEN '' ELSE 'CONCURRENTLY ' END AS how
        FROM heimdall.missing_indexes() m
        JOIN pg_class c ON c.oid = m.relation
      UNION ALL
        SELECT m.index_name, p.relid, m.key, format('heimdall_%s_%s_idx', p.relid::oid, left(md5(m.key), 8)), false, c.relnamespace,
               'CONCURRENTLY '
        FROM heimdall.missing_indexes() m
        CROSS JOIN LATERAL pg_partition_tree(m.relation) p
        JOIN pg_class c ON c.oid = p.relid AND c.relkind = 'r'
        WHERE p.isleaf AND p.level > 0
          AND NOT EXISTS (SELECT FROM pg_index i
                          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                          WHERE i.indrelid = p.relid AND i.indisvalid AND i.indpred IS NULL AND i.indnatts = 1
                            AND quote_ident(a.attname) = m.key)
    ) b
    LEFT JOIN pg_class o ON o.relname = b.index_name AND o.relkind IN ('i', 'I') AND o.relnamespace = b.schema
    LEFT JOIN pg_index i ON i.indexrelid = o.oid AND i.indrelid = b.relation
    CROSS JOIN LATERAL (VALUES
        -- A build that was interrupted has left it.
        (1, CASE WHEN NOT i.indisvalid THEN format('DROP INDEX %s%s', b.how, o.oid::regclass) END),
        (2, CASE WHEN i.indisvalid IS NOT TRUE
                 THEN format('CREATE INDEX %sIF NOT EXISTS %I ON %s (%s)', b.how, b.index_name, b.relation, b.key) END)
    ) AS s (n, text)
    WHERE s.text IS NOT NULL;

    IF cardinality(statements) > 0 AND pg_try_advisory_lock(hashtextextended('heimdall.indexes', 0)) THEN
        RETURN QUERY SELECT unnest(statements);
        RETURN NEXT 'SELECT pg_advisory_unlock(hashtextextended(''heimdall.indexes'', 0))';
    END IF;
END
$$;
COMMENT ON FUNCTION heimdall.missing_base_indexes() IS
    'Statements that build the missing indexes on the application''s tables. Run them one by one outside a '
    'transaction. No rows: no index is missing, or another session builds them.';
