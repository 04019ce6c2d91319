-- Whether the notification queue has room; raises a warning where it has not. When that queue is full, the COMMIT of a
-- transaction that notifies fails, long after its statement succeeded. So nothing of ours notifies above 90 %.
CREATE OR REPLACE FUNCTION heimdall.may_notify() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_notification_queue_usage() > 0.9 THEN
        RAISE WARNING 'heimdall: the notification queue is nearly full: daemons get no notifications and poll, '
                      'finished sessions are not announced'
            USING HINT = 'A session that listens has kept a transaction open for very long: look for the oldest '
                         'xact_start in pg_stat_activity.';
        RETURN false;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION heimdall.may_notify() IS
    'Whether the server''s notification queue has room; raises a warning where it has not.';
