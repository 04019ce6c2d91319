-- A value of the application as a uuid: itself, or NULL for a text that is none. PostgreSQL takes the one that fits the
-- column when it creates a view. The first has no settings, so that the planner replaces it by the column and can use an
-- index.
CREATE OR REPLACE FUNCTION heimdall.as_uuid(value uuid) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT value';
COMMENT ON FUNCTION heimdall.as_uuid(uuid) IS 'The value itself; for columns of the application that have the type uuid.';

-- The forms that PostgreSQL reads as a uuid: 32 digits, perhaps in braces, perhaps with hyphens after every four.
CREATE OR REPLACE FUNCTION heimdall.as_uuid(value text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN value ~ '^([0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}|[{][0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}[}])$'
                THEN value::uuid END
$$;
COMMENT ON FUNCTION heimdall.as_uuid(text) IS
    'The text as a uuid, or NULL where it is none; for columns of the application that have a text type.';
