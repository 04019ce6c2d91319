-- The text of a view of the schema, the same whatever the search_path of the session is.
CREATE OR REPLACE FUNCTION heimdall.view_definition(name text) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_get_viewdef(to_regclass('heimdall.' || quote_ident(name))) $$;
COMMENT ON FUNCTION heimdall.view_definition(text) IS 'The text of a view of the schema heimdall.';
