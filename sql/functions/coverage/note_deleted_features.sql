-- Trigger function of measurement_features: notes the sessions whose features somebody deletes by hand. After a
-- TRUNCATE nothing that is kept holds.
CREATE OR REPLACE FUNCTION heimdall.note_deleted_features() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE heimdall.coverage_totals SET counted_at = NULL;
    -- The daemon's statements delete with each row that they write, mostly nothing.
    ELSIF EXISTS (SELECT FROM old_rows) THEN
        PERFORM heimdall.sessions_changed(ARRAY(SELECT o.recording_session_id FROM old_rows o));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION heimdall.note_deleted_features() IS
    'Trigger function of measurement_features: notes that features were deleted, for the kept counts.';
