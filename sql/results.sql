-- Which name our table of results has, and the view extracted_features over it, which everything of ours reads and
-- writes. The name measurement_features is the application's where it has such a table of another shape (put_aside.sql
-- has given it another name), and where it may still make one: its sessions have a session_start, and ours is installed
-- for the first time. Everywhere else it is ours, as it always was.
DO $$
DECLARE
    is_new  CONSTANT boolean := (SELECT m.applied_at >= now() FROM heimdall.schema_migrations m WHERE m.version = 2);
    aside   CONSTANT regclass := to_regclass('heimdall.heimdall_aside_measurement_features');
    part    record;
BEGIN
    IF aside IS NOT NULL
       OR is_new AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'heimdall.recording_sessions'::regclass
                             AND a.attname = 'session_start' AND NOT a.attisdropped) THEN
        PERFORM heimdall.move_results();
    END IF;
    IF aside IS NOT NULL THEN
        FOR part IN
            SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = aside AND starts_with(c.relname, 'heimdall_aside_')
        LOOP
            EXECUTE format('ALTER INDEX heimdall.%I RENAME TO %I', part.name,
                           substr(part.name, length('heimdall_aside_') + 1));
        END LOOP;
        EXECUTE 'ALTER TABLE heimdall.heimdall_aside_measurement_features RENAME TO measurement_features';
    END IF;

    -- The version of a row is the first column, because a column that is added to the table later must be the last one.
    EXECUTE format('CREATE OR REPLACE VIEW heimdall.extracted_features AS '
                   'SELECT f.xmin::text AS row_version, f.* FROM %s f', heimdall.results_table());
    -- The rights on the table hold, whoever owns the view.
    IF current_setting('server_version_num')::integer >= 150000 THEN
        EXECUTE 'ALTER VIEW heimdall.extracted_features SET (security_invoker = true)';
    END IF;
END
$$;
