-- Allows the daemons to claim again, and notifies them.
CREATE OR REPLACE FUNCTION heimdall.resume_extraction() RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Somebody may have emptied the table.
    INSERT INTO heimdall.extraction_control DEFAULT VALUES ON CONFLICT DO NOTHING;
    UPDATE heimdall.extraction_control
    SET paused = false, pause_reason = NULL, paused_by = NULL, paused_at = NULL;
    PERFORM heimdall.wake_workers();
END
$$;
COMMENT ON FUNCTION heimdall.resume_extraction() IS 'Ends a pause made by pause_extraction().';
