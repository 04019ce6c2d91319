-- Purpose: what the daemon asks before anything else, and before each heartbeat: is this database one that it can work with?
--   Works on every version of the schema, so that a daemon of any other can say what is wrong.
-- Parameters: none
-- Returns: installed, the newest schema file applied (NULL: none); serves_from, the oldest version of daemons that it serves
SELECT max(m.version) AS installed, coalesce(max((to_jsonb(m) ->> 'serves_from')::integer), 0) AS serves_from
FROM heimdall.schema_migrations m;
