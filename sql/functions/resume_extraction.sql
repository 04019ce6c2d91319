-- Lets the daemons claim again, and wakes them.
CREATE OR REPLACE FUNCTION heimdall.resume_extraction() RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE heimdall.extraction_control
    SET paused = false, pause_reason = NULL, paused_by = NULL, paused_at = NULL;
    PERFORM heimdall.wake_workers();
END
$$;
COMMENT ON FUNCTION heimdall.resume_extraction() IS 'Undoes pause_extraction().';
