-- Purpose: the first question of a daemon, and the one before each heartbeat: can it work with this database? The
--   statement works on every version of the schema, so a daemon of any version can log what is wrong.
-- Parameters: none
-- Returns: installed, the newest schema file applied (NULL: none); serves_from, the oldest version of daemons that the
--   schema serves
SELECT max(m.version) AS installed, coalesce(max((to_jsonb(m) ->> 'serves_from')::integer), 0) AS serves_from
FROM heimdall.schema_migrations m;
