-- The indexes on the application's tables that we need and that are missing: by id, by time, by length of the window, by
-- session. Any valid index with the same first column is enough. Where the value is not a plain column (a time without
-- a zone, an id as text, session_end - session_start), the index is on the expression that our views have. A table that
-- others inherit from has no index of theirs, so each of them needs its own.
CREATE OR REPLACE FUNCTION heimdall.missing_indexes()
RETURNS TABLE (relation regclass, key text, index_name text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT t.oid::regclass, CASE WHEN a.attname IS NOT NULL THEN quote_ident(a.attname) ELSE format('(%s)', v.value) END, n.name
    FROM heimdall.application_fields() f
    CROSS JOIN LATERAL heimdall.inheriting_tables(to_regclass('heimdall.' || f.relation)) h
    JOIN pg_class t ON t.oid = h.relation AND t.relkind IN ('r', 'p')
    CROSS JOIN LATERAL heimdall.application_column('t', f.field) c
    -- OFFSET 0: once for each value, since every call reads the catalogue several times.
    CROSS JOIN LATERAL (SELECT replace(heimdall.application_value('t', f.field), 't.', '') AS value OFFSET 0) v
    -- An index on the column serves a value of the same kind, such as that of a domain.
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = c.name
                            AND regexp_replace(v.value, '(::[a-z ]+)+$', '') = quote_ident(c.name)
                            AND c.type IN ('uuid', 'timestamptz', 'float8', 'text', 'varchar', 'int2', 'int4', 'int8')
                            AND (f.field <> 'session_seconds' OR c.type = 'float8')
    CROSS JOIN LATERAL (
        SELECT CASE WHEN h.level > 0 THEN format('heimdall_%s_%s_idx', t.oid, left(md5(v.value), 8))
                    WHEN a.attname IS NOT NULL THEN format('heimdall_%s_%s_idx', f.relation, a.attname)
                    ELSE format('heimdall_%s_%s_%s_idx', f.relation, f.field, left(md5(v.value), 8)) END AS expected,
               left(md5(v.value), 8) AS hash
    ) e
    -- The name may belong to an index of another table, such as one that was renamed and made anew.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (SELECT FROM pg_class o LEFT JOIN pg_index i ON i.indexrelid = o.oid
                                 WHERE o.relname = e.expected AND o.relnamespace = t.relnamespace
                                   AND i.indrelid IS DISTINCT FROM t.oid)
                    THEN format('heimdall_%s_%s_idx', t.oid, e.hash) ELSE e.expected END AS name
    ) n
    WHERE f.field IN ('session_id', 'started_at', 'session_seconds', 'measurement_id', 'measured_at', 'named_session',
                      'station_id')
      -- A conversion of a time from text is not immutable.
      AND v.value !~ '^(NULL::|heimdall[.])'
      AND NOT EXISTS (SELECT FROM pg_index i
                      JOIN pg_class x ON x.oid = i.indexrelid
                      JOIN pg_am m ON m.oid = x.relam
                      WHERE i.indrelid = t.oid AND m.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL
                        AND CASE WHEN a.attname IS NOT NULL THEN i.indkey[0] = a.attnum
                                 ELSE x.relname IN (e.expected, format('heimdall_%s_%s_idx', t.oid, e.hash)) END);
END
$$;
COMMENT ON FUNCTION heimdall.missing_indexes() IS
    'The indexes that are missing on the application''s tables, with their key. Called by missing_base_indexes() and '
    'heimdalld doctor.';
