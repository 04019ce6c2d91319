-- The expression for one value of the application's tables, for the columns and types that this installation has.
-- fit_to_application() puts it into views and functions, so everything of ours reads the application's tables in one
-- shape. alias is the name of a row (m, NEW), field one of the names below.
--
-- A column that is missing is NULL, unless nothing works without it. Of two possible columns the first that exists
-- counts: the time of a measurement is in timestamp or created_at, a session begins at session_start or created_at. A
-- time without a time zone is in UTC. A value that cannot be converted is NULL; bad_value then names it. The
-- expressions are plain columns wherever the type allows, so that the application's indexes serve.
CREATE OR REPLACE FUNCTION heimdall.application_value(alias text, field text) RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    at_least CONSTANT text := '''0001-01-01 00:00Z''::timestamptz';
    at_most  CONSTANT text := '''9999-12-31 00:00Z''::timestamptz';
    wanted record;
    own    record;
    ended  text;
    value  text;
BEGIN
    IF field = 'bad_value' THEN
        RETURN heimdall.bad_values(alias);
    END IF;
    SELECT * INTO wanted FROM heimdall.application_fields() f WHERE f.field = application_value.field;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'heimdall: there is no value % of the application', field;
    END IF;

    -- The first of the columns that exists, with its base type.
    SELECT a.attname AS name, t.typname AS type, t.typcategory AS category, format('%s.%I', alias, a.attname) AS column
    INTO own
    FROM unnest(wanted.columns) WITH ORDINALITY AS c (name, n)
    JOIN pg_attribute a ON a.attrelid = to_regclass('heimdall.' || wanted.relation) AND a.attname = c.name
                       AND NOT a.attisdropped
    JOIN pg_type d ON d.oid = a.atttypid
    JOIN pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
    ORDER BY c.n
    LIMIT 1;
    IF own.name IS NULL AND wanted.needed THEN
        RAISE EXCEPTION 'heimdall: the table % has no column %', wanted.relation, wanted.columns[1]
            USING ERRCODE = 'undefined_column',
                  HINT = format('Type:  ALTER TABLE heimdall.%I ADD COLUMN %I %s;  or give the column this name.',
                                wanted.relation, wanted.columns[1], replace(wanted.kind, 'as it is', 'uuid'));
    END IF;

    value := CASE
        WHEN own.name IS NULL THEN format('NULL::%s', replace(wanted.kind, 'as it is', 'uuid'))
        WHEN wanted.kind = 'as it is' OR wanted.kind = own.type OR wanted.kind = 'double precision' AND own.type = 'float8'
             OR wanted.kind = 'bigint' AND own.type = 'int8' THEN own.column
        WHEN wanted.kind = 'text' THEN format('%s::text', own.column)
        WHEN wanted.kind = 'uuid' AND own.category = 'S' THEN format('heimdall.as_uuid(%s::text)', own.column)
        WHEN wanted.kind = 'bigint' AND own.type IN ('int2', 'int4') THEN format('%s::bigint', own.column)
        WHEN wanted.kind = 'bigint' AND own.category = 'N' AND own.type <> 'money'
        THEN format('CASE WHEN %1$s BETWEEN -9e18 AND 9e18 THEN %1$s::bigint END', own.column)
        WHEN wanted.kind = 'bigint' AND own.category = 'S'
        THEN format('CASE WHEN %1$s ~ ''^\s*[-+]?\d{1,18}(\.\d{0,30})?\s*$'' THEN %1$s::text::numeric::bigint END',
                    own.column)
        WHEN wanted.kind = 'double precision' AND own.type = 'numeric'
        THEN format('CASE WHEN abs(%1$s) < 1e300 THEN %1$s::double precision END', own.column)
        WHEN wanted.kind = 'double precision' AND own.category = 'N' AND own.type <> 'money'
        THEN format('%s::double precision', own.column)
        WHEN wanted.kind = 'double precision' AND own.category = 'S'
        THEN format('CASE WHEN %1$s ~ ''^\s*[-+]?\d{1,30}(\.\d{0,30})?([eE][-+]?\d{1,2})?\s*$'' '
                    'THEN %1$s::text::double precision END', own.column)
        WHEN wanted.kind = 'timestamptz' AND own.type = 'timestamp' THEN format('(%s AT TIME ZONE ''UTC'')', own.column)
        WHEN wanted.kind = 'timestamptz' AND own.type = 'date'
        THEN format('(%s::timestamp AT TIME ZONE ''UTC'')', own.column)
        WHEN wanted.kind = 'timestamptz' AND own.category = 'S' THEN format('heimdall.as_time(%s::text)', own.column)
    END;
    IF value IS NULL THEN
        RAISE EXCEPTION 'heimdall: %.% has the type %, which does not convert to %', wanted.relation, own.name,
                own.type, wanted.kind
            USING ERRCODE = 'datatype_mismatch',
                  HINT = format('Type:  ALTER TABLE heimdall.%I ALTER COLUMN %I TYPE %s USING %s;', wanted.relation,
                                own.name, wanted.kind,
                                CASE WHEN wanted.kind = 'uuid' THEN format('lpad(to_hex(%I), 32, ''0'')::uuid', own.name)
                                     ELSE '…' END);
    END IF;

    -- The length of a window is session_end - session_start where both are known.
    IF field = 'session_seconds' THEN
        SELECT heimdall.application_value(alias, 'session_start') AS begun, heimdall.application_value(alias, 'session_end') AS ended
        INTO own;
        IF 'NULL::timestamptz' NOT IN (own.begun, own.ended) THEN
            ended := format('CASE WHEN %1$s BETWEEN %3$s AND %4$s AND %2$s BETWEEN %3$s AND %4$s '
                            'THEN extract(epoch FROM %2$s - %1$s)::double precision END',
                            own.begun, own.ended, at_least, at_most);
            value := CASE WHEN value = 'NULL::double precision' THEN ended ELSE format('coalesce(%s, %s)', ended, value) END;
        END IF;
    END IF;
    RETURN value;
END
$$;
COMMENT ON FUNCTION heimdall.application_value(text, text) IS
    'The expression for a value of the application''s tables in this installation. Called by migrations only.';
