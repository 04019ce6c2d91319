-- Row triggers on those of the application's tables that a subscription of logical replication writes, or their
-- partitions. They fire for what is replicated and for nothing else. A table that is replicated later gets them in the
-- next migration; `heimdalld doctor` says that it lacks them.
DO $$
DECLARE
    replicated record;
BEGIN
    FOR replicated IN
        SELECT c.relname AS name
        FROM pg_class c
        WHERE c.oid IN ('heimdall.recording_sessions'::regclass, 'heimdall.measurements'::regclass)
          AND EXISTS (SELECT FROM pg_subscription_rel s
                      WHERE s.srrelid = c.oid OR pg_partition_root(s.srrelid) = c.oid)
          AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'heimdall_replicated')
    LOOP
        EXECUTE format('CREATE TRIGGER heimdall_replicated AFTER INSERT OR UPDATE OR DELETE ON heimdall.%I '
                       'FOR EACH ROW EXECUTE FUNCTION heimdall.note_replicated_change(%L)',
                       replicated.name, replicated.name);
        EXECUTE format('ALTER TABLE heimdall.%I ENABLE REPLICA TRIGGER heimdall_replicated', replicated.name);
        EXECUTE format('COMMENT ON TRIGGER heimdall_replicated ON heimdall.%I IS %L', replicated.name,
                       'Notes what logical replication changes.');
    END LOOP;
END
$$;
