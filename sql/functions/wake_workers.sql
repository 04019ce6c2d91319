-- Tells the daemons that something has been queued: one notification per transaction however often it is called, since
-- equal ones are merged. The payload means nothing. Without it they find the rows when they next poll.
CREATE OR REPLACE FUNCTION heimdall.wake_workers() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT heimdall.may_notify() THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('heimdall_recording_completed', '');
    RETURN true;
END
$$;
COMMENT ON FUNCTION heimdall.wake_workers() IS 'Notifies heimdall_recording_completed, unless the notification queue is nearly full (then it returns false).';
