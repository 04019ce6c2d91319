-- Whether there is room for a notification; says so where there is none.
-- A full notification queue fails the COMMIT of whoever notifies, long after the statement: above nine tenths nobody of ours does.
CREATE OR REPLACE FUNCTION heimdall.may_notify() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_notification_queue_usage() > 0.9 THEN
        RAISE WARNING 'heimdall: the notification queue is nearly full: daemons are not woken and will poll, finished sessions are not announced'
            USING HINT = 'A session that listens has had a transaction open for very long: look for the oldest xact_start in pg_stat_activity.';
        RETURN false;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION heimdall.may_notify() IS 'Whether the server''s notification queue has room left, with a warning where it has not.';
