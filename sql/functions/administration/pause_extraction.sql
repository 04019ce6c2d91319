-- Stops all claims: each claim reads this row. Recordings in flight are finished.
CREATE OR REPLACE FUNCTION heimdall.pause_extraction(reason text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Somebody may have emptied the table.
    INSERT INTO heimdall.extraction_control DEFAULT VALUES ON CONFLICT DO NOTHING;
    UPDATE heimdall.extraction_control
    SET paused = true, pause_reason = coalesce(reason, 'no reason given'), paused_by = session_user,
        paused_at = clock_timestamp()
    -- To pause again without a reason changes nothing: the first reason is still the reason.
    WHERE NOT paused OR reason IS NOT NULL;
    -- The notification makes every daemon read the row immediately.
    PERFORM heimdall.wake_workers();
END
$$;
COMMENT ON FUNCTION heimdall.pause_extraction(text) IS
    'Stops the claims of all daemons immediately; recordings in flight are finished. Ended by resume_extraction().';
