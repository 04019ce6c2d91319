-- Locks the sweep and the other calls that queue much out until the end of the transaction, and says so if it has to wait.
CREATE OR REPLACE FUNCTION heimdall.hold_sweep() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM heimdall.sweep_state FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RAISE NOTICE 'heimdall: waiting for a sweep, or for another call of an administrator, to end';
        PERFORM FROM heimdall.sweep_state FOR UPDATE;
    END IF;
END
$$;
COMMENT ON FUNCTION heimdall.hold_sweep() IS
    'Waits until no sweep and no other large request runs, and holds them off until the COMMIT. Called by request_backfill(), '
    'retry_failed() and extract_again().';
