-- The statements that build the missing indexes on the application's tables. Any valid index with the same first column
-- is enough. Run them outside a transaction, in one session at a time: two builds on one table wait for each other's
-- snapshots and deadlock. So this function takes a session lock, and the last statement releases it. A caller that does
-- not get the lock gets no rows: another session builds the indexes.
CREATE OR REPLACE FUNCTION heimdall.missing_base_indexes() RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statements text[] := '{}';
    wanted record;
BEGIN
    FOR wanted IN
        SELECT t.relname, t.relkind, t.oid, a.attname, a.attnum,
               'heimdall_' || t.relname || '_' || a.attname || '_idx' AS index_name
        FROM (VALUES ('recording_sessions', 'id'), ('recording_sessions', 'created_at'),
                     ('recording_sessions', 'duration_seconds'),
                     ('measurements', 'id'), ('measurements', 'created_at'), ('measurements', 'recording_session_id'),
                     ('websdr_stations', 'id')) AS need (table_name, column_name)
        JOIN pg_class t ON t.relname = need.table_name AND t.relnamespace = 'heimdall'::regnamespace
                       AND t.relkind IN ('r', 'p')
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = need.column_name AND NOT a.attisdropped
        WHERE NOT EXISTS (SELECT FROM pg_index i
                          JOIN pg_class ic ON ic.oid = i.indexrelid
                          JOIN pg_am am ON am.oid = ic.relam
                          WHERE i.indrelid = t.oid AND i.indkey[0] = a.attnum AND am.amname = 'btree'
                            AND i.indisvalid AND i.indpred IS NULL)
    LOOP
        -- An invalid index, left by a build that was interrupted.
        IF EXISTS (SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
                   WHERE i.indrelid = wanted.oid AND ic.relname = wanted.index_name AND NOT i.indisvalid) THEN
            statements := statements || format('DROP INDEX CONCURRENTLY heimdall.%I', wanted.index_name);
        END IF;
        -- A partitioned table does not support CONCURRENTLY.
        statements := statements || format('CREATE INDEX %s IF NOT EXISTS %I ON heimdall.%I (%I)',
            CASE wanted.relkind WHEN 'r' THEN 'CONCURRENTLY' ELSE '' END,
            wanted.index_name, wanted.relname, wanted.attname);
    END LOOP;

    IF cardinality(statements) > 0 AND pg_try_advisory_lock(hashtextextended('heimdall.indexes', 0)) THEN
        RETURN QUERY SELECT unnest(statements);
        RETURN NEXT 'SELECT pg_advisory_unlock(hashtextextended(''heimdall.indexes'', 0))';
    END IF;
END
$$;
COMMENT ON FUNCTION heimdall.missing_base_indexes() IS
    'Statements that build the missing indexes on the application''s tables. Run them one by one outside a '
    'transaction. No rows: no index is missing, or another session builds them.';
