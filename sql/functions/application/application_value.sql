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
    key    record;
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

    SELECT c.* INTO own FROM heimdall.application_column(alias, field) c;
    -- The receiver of a measurement is compared with the ids of the stations, so it gets their type.
    IF field = 'station' THEN
        SELECT c.* INTO key FROM heimdall.application_column('t', 'station_id') c;
        wanted.kind := CASE WHEN key.type = own.type OR key.type IN ('int2', 'int4', 'int8') AND own.type IN ('int2', 'int4', 'int8')
                            THEN wanted.kind
                            WHEN key.category = 'S' THEN 'text'
                            WHEN key.type IN ('int2', 'int4', 'int8') THEN 'bigint'
                            WHEN key.type = 'uuid' THEN 'uuid'
                            ELSE wanted.kind END;
    ELSIF field = 'station_id' AND own.category = 'S' THEN
        wanted.kind := 'text';
    END IF;
    IF own.name IS NULL AND wanted.needed THEN
        RAISE EXCEPTION 'heimdall: the table % has no column %', wanted.relation, wanted.columns[1]
            USING ERRCODE = 'undefined_column',
                  HINT = format('Type:  ALTER TABLE heimdall.%I ADD COLUMN %I %s;  or give the column this name.',
                                wanted.relation, wanted.columns[1], replace(wanted.kind, 'as it is', 'uuid'));
    END IF;

    value := CASE
        WHEN own.name IS NULL THEN format('NULL::%s', replace(wanted.kind, 'as it is', 'uuid'))
        WHEN wanted.kind = 'as it is' OR wanted.kind = own.type OR wanted.kind = 'double precision' AND own.type = 'float8'
             OR wanted.kind = 'bigint' AND own.type = 'int8' THEN own.expression
        WHEN wanted.kind = 'text' AND (own.category IN ('S', 'E', 'N', 'B') OR own.type = 'uuid')
        THEN format('%s::text', own.expression)
        -- The forms that PostgreSQL reads as a uuid, as in as_uuid().
        WHEN wanted.kind = 'uuid' AND own.category = 'S'
        THEN format('CASE WHEN %1$s::text ~ ''^([0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}|[{][0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}[}])$'' '
                    'THEN %1$s::text::uuid END', own.expression)
        WHEN wanted.kind = 'bigint' AND own.type IN ('int2', 'int4') THEN format('%s::bigint', own.expression)
        WHEN wanted.kind = 'bigint' AND own.category = 'N' AND own.type <> 'money'
        THEN format('CASE WHEN %1$s BETWEEN -9e18 AND 9e18 THEN %1$s::bigint END', own.expression)
        WHEN wanted.kind = 'bigint' AND own.category = 'S'
        THEN format('CASE WHEN %1$s::text ~ ''^[[:space:]]*[-+]?[0-9]{1,18}([.][0-9]{0,30})?[[:space:]]*$'' '
                    'THEN %1$s::text::numeric::bigint END', own.expression)
        -- Rounded, because one too near to zero does not convert.
        WHEN wanted.kind = 'double precision' AND own.type = 'numeric'
        THEN format('CASE WHEN abs(%1$s) < 1e300 THEN round(%1$s, 60)::double precision END', own.expression)
        WHEN wanted.kind = 'double precision' AND own.type = 'interval'
        THEN format('extract(epoch FROM %s)::double precision', own.expression)
        WHEN wanted.kind = 'double precision' AND own.category = 'N' AND own.type <> 'money'
        THEN format('%s::double precision', own.expression)
        WHEN wanted.kind = 'double precision' AND own.category = 'S'
        THEN format('CASE WHEN %1$s::text ~ ''^[[:space:]]*[-+]?[0-9]{1,30}([.][0-9]{0,30})?([eE][-+]?[0-9]{1,2})?[[:space:]]*$'' '
                    'THEN %1$s::text::double precision END', own.expression)
        WHEN wanted.kind = 'timestamptz' AND own.type = 'timestamp' THEN format('(%s AT TIME ZONE ''UTC'')', own.expression)
        WHEN wanted.kind = 'timestamptz' AND own.type = 'date'
        THEN format('(%s::timestamp AT TIME ZONE ''UTC'')', own.expression)
        WHEN wanted.kind = 'timestamptz' AND own.category = 'S' THEN format('heimdall.as_time(%s::text)', own.expression)
    END;
    IF value IS NULL THEN
        RAISE EXCEPTION 'heimdall: %.% has the type %, which does not convert to %', wanted.relation, own.name,
                own.type, wanted.kind
            USING ERRCODE = 'datatype_mismatch',
                  HINT = format('Type:  ALTER TABLE heimdall.%I ALTER COLUMN %I TYPE %s USING %s;', wanted.relation,
                                own.name, wanted.kind,
                                CASE WHEN wanted.kind = 'uuid' AND own.type IN ('int4', 'int8')
                                     THEN format('lpad(to_hex(%I), 32, ''0'')::uuid', own.name)
                                     WHEN wanted.kind = 'timestamptz' AND own.category = 'N'
                                     THEN format('to_timestamp(%I)', own.name)
                                     WHEN wanted.kind = 'text' AND own.type = 'bytea'
                                     THEN format('convert_from(%I, ''UTF8'')', own.name)
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
