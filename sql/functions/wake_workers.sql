-- Notifies the daemons that rows are ready. PostgreSQL merges equal notifications, so a transaction sends one, however
-- often it calls this. The payload is empty. Without a notification the daemons find the rows at their next poll.
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
COMMENT ON FUNCTION heimdall.wake_workers() IS
    'Notifies heimdall_recording_completed; where the notification queue is nearly full it only returns false.';
