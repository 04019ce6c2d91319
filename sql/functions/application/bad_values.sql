-- The expression that names the values of a measurement that no recording has: those that do not convert, and times
-- before the year 1 or after 9999. NULL where all are good. Columns whose type allows no bad value do not appear in it.
CREATE OR REPLACE FUNCTION heimdall.bad_values(alias text) RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one    record;
    value  text;
    checks text[] := '{}';
BEGIN
    FOR one IN
        SELECT f.field, f.kind, c.name, c.expression
        FROM heimdall.application_fields() f
        CROSS JOIN LATERAL heimdall.application_column(alias, f.field) c
        WHERE f.relation = 'measurements' AND f.kind IN ('uuid', 'bigint', 'double precision', 'timestamptz', 'as it is')
          AND f.field <> 'measurement_id'
    LOOP
        value := heimdall.application_value(alias, one.field);
        IF value ~ '^(CASE|heimdall[.])' THEN
            checks := checks || format('CASE WHEN (%s) IS NULL AND %s::text <> '''' THEN %L || quote_literal(left(%s::text, 40)) END',
                                       value, one.expression, one.name || ' is ', one.expression);
        END IF;
        IF one.kind = 'timestamptz' THEN
            checks := checks || format('CASE WHEN NOT %s BETWEEN ''0001-01-01 00:00Z''::timestamptz '
                                       'AND ''9999-12-31 00:00Z''::timestamptz THEN %L || %s::text END',
                                       value, one.name || ' is ', one.expression);
        END IF;
    END LOOP;
    IF cardinality(checks) = 0 THEN
        RETURN 'NULL::text';
    END IF;
    RETURN format('nullif(concat_ws('', ''%s), '''')', (SELECT string_agg(', ' || c, '') FROM unnest(checks) AS c));
END
$$;
COMMENT ON FUNCTION heimdall.bad_values(text) IS
    'The expression that names the bad values of a measurement in this installation. Called by migrations only.';
