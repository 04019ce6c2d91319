-- The sessions whose kept counts may be outdated: those that a transaction has changed since they were counted, and
-- those that the application has completed, moved or deleted and no daemon has expanded yet.
CREATE OR REPLACE FUNCTION heimdall.outdated_sessions() RETURNS SETOF uuid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT unnest(c.session_ids) FROM heimdall.coverage_changes c
    UNION
    SELECT unnest(n.ids) FROM heimdall.change_notes n WHERE n.kind IN ('completed', 'session');
$$;
COMMENT ON FUNCTION heimdall.outdated_sessions() IS
    'The sessions whose kept counts may be outdated. Called for feature_coverage.';
