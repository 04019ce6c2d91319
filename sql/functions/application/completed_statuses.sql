-- The setting: which statuses of a session start the extraction. It is a constant and not a table, because the triggers
-- read no table: PostgreSQL puts the array into the plan. It is STABLE so that plans that have it are made anew when it
-- changes; an IMMUTABLE one would be evaluated once and stay in them. set_completed_statuses() changes it; a migration
-- leaves it.
DO $$
BEGIN
    IF to_regprocedure('heimdall.completed_statuses()') IS NULL THEN
        CREATE FUNCTION heimdall.completed_statuses() RETURNS text[]
        LANGUAGE sql STABLE PARALLEL SAFE
        AS 'SELECT ''{completed}''::text[]';
    END IF;
END
$$;
COMMENT ON FUNCTION heimdall.completed_statuses() IS
    'The statuses that count as completed. To change them:  SELECT heimdall.set_completed_statuses(''completed'', …);';
