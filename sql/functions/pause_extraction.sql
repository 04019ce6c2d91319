-- From the next claim on no daemon takes anything, since each claim looks at this row. What is in flight is finished.
CREATE OR REPLACE FUNCTION heimdall.pause_extraction(reason text DEFAULT 'no reason given') RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE heimdall.extraction_control
    SET paused = true, pause_reason = coalesce(reason, 'no reason given'), paused_by = session_user, paused_at = clock_timestamp();
    -- Woken, they look at the table and know at once.
    PERFORM heimdall.wake_workers();
END
$$;
COMMENT ON FUNCTION heimdall.pause_extraction(text) IS 'Stops all claims of all daemons at once; what is in flight is finished. Undone by resume_extraction().';
