-- Where a value of the application's tables is in this installation: the first of its columns that exists, with its base
-- type and the expression that reads it. No row: none of them exists.
--
-- The expression has the base type of a domain, also of a domain over a domain, the text of a json value, and the default
-- collation: columns of different collations cannot meet in one view, and a collation that is not deterministic knows no
-- regular expressions. A status keeps its own, because the application compares it so.
CREATE OR REPLACE FUNCTION heimdall.application_column(alias text, field text)
RETURNS TABLE (name name, type name, category "char", expression text)
LANGUAGE sql
STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE first AS (
        SELECT a.attname, a.atttypid, a.attcollation
        FROM heimdall.application_fields() f
        CROSS JOIN LATERAL unnest(f.columns) WITH ORDINALITY AS c (name, n)
        JOIN pg_attribute a ON a.attrelid = to_regclass('heimdall.' || f.relation) AND a.attname = c.name
                           AND NOT a.attisdropped
        WHERE f.field = application_column.field
        ORDER BY c.n
        LIMIT 1
    ), bases AS (
        SELECT t.oid, t.typname, t.typcategory, t.typtype, t.typbasetype, 0 AS depth
        FROM first JOIN pg_type t ON t.oid = first.atttypid
      UNION ALL
        SELECT t.oid, t.typname, t.typcategory, t.typtype, t.typbasetype, b.depth + 1
        FROM bases b JOIN pg_type t ON t.oid = b.typbasetype
        WHERE b.typtype = 'd'
    )
    SELECT first.attname, CASE WHEN j.is_json THEN 'text' ELSE b.typname END, CASE WHEN j.is_json THEN 'S' ELSE b.typcategory END,
           CASE WHEN j.is_json THEN format('(%s #>> ''{}'')', d.value)
                WHEN field <> 'status' AND first.attcollation NOT IN (0, 'pg_catalog.default'::regcollation)
                THEN format('(%s COLLATE pg_catalog."default")', d.value)
                ELSE d.value END
    FROM first
    JOIN bases b ON b.typtype <> 'd'
    CROSS JOIN LATERAL (SELECT format('%s.%I', alias, first.attname) AS value) c
    CROSS JOIN LATERAL (SELECT CASE WHEN b.depth > 0 THEN format('%s::%s', c.value, format_type(b.oid, NULL)) ELSE c.value END
                               AS value) d
    CROSS JOIN LATERAL (SELECT b.typname IN ('json', 'jsonb') AS is_json) j
$$;
COMMENT ON FUNCTION heimdall.application_column(text, text) IS
    'The column of the application''s tables that has a value, its base type, and the expression that reads it. Called by '
    'migrations only.';
