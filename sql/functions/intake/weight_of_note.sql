-- About how many measurements a note leads to.
CREATE OR REPLACE FUNCTION heimdall.weight_of_note(kind text, ids uuid[]) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT cardinality(ids) * CASE kind WHEN 'measurement' THEN 1 ELSE 8 END $$;
COMMENT ON FUNCTION heimdall.weight_of_note(text, uuid[]) IS
    'About how many measurements a note leads to. Called by expand_notes() only.';
