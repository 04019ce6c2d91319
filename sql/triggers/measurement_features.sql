-- The triggers on measurement_features, for what somebody deletes by hand. Each one runs once per statement. As with the
-- application's tables, an existing trigger is not replaced.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = 'heimdall.measurement_features'::regclass
                   AND t.tgname = 'heimdall_features_deleted') THEN
        CREATE TRIGGER heimdall_features_deleted AFTER DELETE ON heimdall.measurement_features
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION heimdall.note_deleted_features();
        CREATE TRIGGER heimdall_features_truncated AFTER TRUNCATE ON heimdall.measurement_features
            FOR EACH STATEMENT EXECUTE FUNCTION heimdall.note_deleted_features();
        COMMENT ON TRIGGER heimdall_features_deleted ON heimdall.measurement_features IS
            'Notes sessions whose features are deleted, for the kept counts.';
        COMMENT ON TRIGGER heimdall_features_truncated ON heimdall.measurement_features IS
            'Ends the validity of the kept counts.';
    END IF;
END
$$;
