-- The indexes on the application's tables that we need and that are missing: by id, by time, by length of the window, by
-- session. Any valid index with the same first column is enough. Where the value is not a plain column (a time without
-- a zone, session_end - session_start), the index is on the expression that our views have.
CREATE OR REPLACE FUNCTION heimdall.missing_indexes()
RETURNS TABLE (relation regclass, key text, index_name text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT t.oid::regclass, CASE WHEN a.attname IS NOT NULL THEN quote_ident(a.attname) ELSE format('(%s)', v.value) END, n.name
    FROM heimdall.application_fields() f
    JOIN pg_class t ON t.oid = to_regclass('heimdall.' || f.relation) AND t.relkind IN ('r', 'p')
    CROSS JOIN LATERAL (SELECT replace(heimdall.application_value('t', f.field), 't.', '') AS value) v
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND NOT a.attisdropped AND v.value = quote_ident(a.attname)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN a.attname IS NOT NULL THEN format('heimdall_%s_%s_idx', f.relation, a.attname)
                    ELSE format('heimdall_%s_%s_%s_idx', f.relation, f.field, left(md5(v.value), 8)) END AS name
    ) n
    WHERE f.field IN ('session_id', 'started_at', 'session_seconds', 'measurement_id', 'measured_at', 'named_session',
                      'station_id')
      -- A conversion from text is not immutable, or is not worth an index.
      AND v.value !~ '^(NULL::|heimdall\.)'
      AND NOT EXISTS (SELECT FROM pg_index i
                      JOIN pg_class c ON c.oid = i.indexrelid
                      JOIN pg_am m ON m.oid = c.relam
                      WHERE i.indrelid = t.oid AND m.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL
                        AND CASE WHEN a.attname IS NOT NULL THEN i.indkey[0] = a.attnum ELSE c.relname = n.name END);
END
$$;
COMMENT ON FUNCTION heimdall.missing_indexes() IS
    'The indexes that are missing on the application''s tables, with their key. Called by missing_base_indexes() and '
    'heimdalld doctor.';
