-- The text of a view of the schema, the same whatever the settings of the session are: search_path, time zone and formats of
-- times, quotes.
CREATE OR REPLACE FUNCTION heimdall.view_definition(name text) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, MDY'
SET intervalstyle = 'postgres'
SET extra_float_digits = 1
SET quote_all_identifiers = off
AS $$ SELECT pg_get_viewdef(to_regclass('heimdall.' || quote_ident(name))) $$;
COMMENT ON FUNCTION heimdall.view_definition(text) IS 'The text of a view of the schema heimdall.';

-- What of a definition can be compared. A dump and restore adds and removes parentheses, and an earlier migration printed
-- times as its session showed them: both do not count.
CREATE OR REPLACE FUNCTION heimdall.comparable_definition(definition text) RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT regexp_replace(regexp_replace(replace(definition, '"', ''),
                                         '''[^'']*''::(timestamp with time zone|interval)', '?', 'g'),
                          '[()[:space:]]+', ' ', 'g')
$$;
COMMENT ON FUNCTION heimdall.comparable_definition(text) IS
    'What of the text of a view can be compared with another one. Called by redefined_view().';
