-- Notes that what these sessions have may have changed in this transaction, for the kept counts. It only appends.
-- In PL/pgSQL, which keeps its plan for the connection: a function in SQL with settings is parsed in every statement.
CREATE OR REPLACE FUNCTION heimdall.sessions_changed(session_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- In rows of at most 500, so that the fold takes a bounded number at a time.
    INSERT INTO heimdall.coverage_changes (session_ids)
    SELECT array_agg(n.id)
    FROM (SELECT s.id, (row_number() OVER () - 1) / 500 AS part FROM unnest(session_ids) AS s (id)
          WHERE s.id IS NOT NULL GROUP BY s.id) n
    GROUP BY n.part;
END
$$;
COMMENT ON FUNCTION heimdall.sessions_changed(uuid[]) IS
    'Notes that the kept counts of these sessions may be outdated. Called by every function that changes them.';
