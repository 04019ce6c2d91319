-- Tells the daemons that something has been queued: one notification per transaction however often it is called, since
-- equal ones are merged. The payload means nothing.
-- A full notification queue would fail the caller's COMMIT, long after its statement: above nine tenths the
-- notification is left out, the daemons find the rows when they next poll.
CREATE OR REPLACE FUNCTION heimdall.wake_workers() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_notification_queue_usage() > 0.9 THEN
        RAISE WARNING 'heimdall: the notification queue is nearly full, daemons are not woken and will poll'
            USING HINT = 'A session that listens has had a transaction open for very long: look for the oldest xact_start in pg_stat_activity.';
        RETURN false;
    END IF;
    PERFORM pg_notify('heimdall_recording_completed', '');
    RETURN true;
END
$$;
COMMENT ON FUNCTION heimdall.wake_workers() IS 'Notifies heimdall_recording_completed, unless the notification queue is nearly full (then it returns false).';
