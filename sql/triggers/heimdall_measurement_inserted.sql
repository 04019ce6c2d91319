-- Queues measurements that arrive after their session completed.
-- Not replaced where it stands: that would lock the application's table on every migration. A trigger that has to look
-- otherwise is dropped by the next file under schema/ first.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'heimdall.measurements'::regclass AND tgname = 'heimdall_measurement_inserted') THEN
        CREATE TRIGGER heimdall_measurement_inserted
            AFTER INSERT ON heimdall.measurements
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION heimdall.queue_late_measurements();
        COMMENT ON TRIGGER heimdall_measurement_inserted ON heimdall.measurements IS 'Queues measurements that arrive after their session completed.';
    END IF;
END
$$;
