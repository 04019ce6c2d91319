-- Fits a view or a function of ours to the application's tables: each {alias.field} becomes the expression of
-- application_value(). A migration does it for each file that reads these tables, so a column that the application adds
-- later counts after the next migration.
CREATE OR REPLACE FUNCTION heimdall.fit_to_application(template text) RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    token record;
BEGIN
    FOR token IN
        SELECT DISTINCT t.parts[1] AS alias, t.parts[2] AS field
        FROM regexp_matches(template, '[{]([A-Za-z_]+)[.]([a-z_]+)[}]', 'g') AS t (parts)
    LOOP
        template := replace(template, format('{%s.%s}', token.alias, token.field),
                            heimdall.application_value(token.alias, token.field));
    END LOOP;
    RETURN template;
END
$$;
COMMENT ON FUNCTION heimdall.fit_to_application(text) IS
    'Puts the expressions of application_value() into the text of a view or function. Called by migrations only.';
