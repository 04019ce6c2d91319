-- The triggers on our table of results, for what somebody deletes by hand. Each one runs once per statement. As with the
-- application's tables, an existing trigger is not replaced.
DO $$
DECLARE
    results CONSTANT regclass := heimdall.results_table();
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = results AND t.tgname = 'heimdall_features_deleted') THEN
        EXECUTE format('CREATE TRIGGER heimdall_features_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows '
                       'FOR EACH STATEMENT EXECUTE FUNCTION heimdall.note_deleted_features()', results);
        EXECUTE format('CREATE TRIGGER heimdall_features_truncated AFTER TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION heimdall.note_deleted_features()', results);
        EXECUTE format('COMMENT ON TRIGGER heimdall_features_deleted ON %s IS %L', results,
                       'Notes sessions whose features are deleted, for the kept counts.');
        EXECUTE format('COMMENT ON TRIGGER heimdall_features_truncated ON %s IS %L', results,
                       'Ends the validity of the kept counts.');
    END IF;
END
$$;
