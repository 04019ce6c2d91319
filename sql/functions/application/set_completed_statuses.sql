-- Changes which statuses count as completed, for everything of ours at once. It does not queue the sessions that have
-- such a status already: the sweep finds them, or request_backfill(). The kept counts are counted anew.
CREATE OR REPLACE FUNCTION heimdall.set_completed_statuses(VARIADIC statuses text[]) RETURNS text[]
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF cardinality(statuses) = 0 OR statuses IS NULL OR array_position(statuses, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'at least one status must count as completed, and none may be NULL'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('CREATE OR REPLACE FUNCTION heimdall.completed_statuses() RETURNS text[] '
                   'LANGUAGE sql STABLE PARALLEL SAFE AS %L', format('SELECT %L::text[]', statuses));
    UPDATE heimdall.coverage_totals SET counted_at = NULL, walked_to = NULL, walked_at = NULL;
    RETURN statuses;
END
$$;
COMMENT ON FUNCTION heimdall.set_completed_statuses(text[]) IS
    'Sets which statuses of a session count as completed. Returns them.';
