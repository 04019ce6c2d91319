-- All rights in the schema, read from the catalogue, so that a new right is always noticed. rights.sql uses the rights.
\ir prepare.sql
BEGIN;
-- Every right on every object of the schema, except those of the owner.
CREATE TEMP VIEW granted AS
WITH ours AS (
    SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' ELSE 'table' END AS kind, c.relname::text AS name, c.relowner AS owner, c.relacl AS acl
    FROM pg_class c WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
    SELECT a.attrelid, 'column', a.attrelid::regclass || '.' || a.attname, c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'heimdall'::regnamespace AND a.attacl IS NOT NULL
  UNION ALL
    SELECT p.oid, 'function', p.proname::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p WHERE p.pronamespace = 'heimdall'::regnamespace
  UNION ALL
    SELECT n.oid, 'schema', n.nspname::text, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner)) FROM pg_namespace n WHERE n.nspname = 'heimdall'
  UNION ALL
    -- Types without a table. The row type of a table is useless without a right on the schema.
    SELECT t.oid, 'type', t.typname::text, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = 'heimdall'::regnamespace AND t.typelem = 0 AND (t.typtype IN ('e', 'd', 'r', 'm') OR c.relkind = 'c')
  UNION ALL
    SELECT d.oid, 'default', d.defaclobjtype::text, d.defaclrole, d.defaclacl FROM pg_default_acl d WHERE d.defaclnamespace = 'heimdall'::regnamespace
)
SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END AS who, o.kind, o.name, lower(g.privilege_type) AS privilege, g.is_grantable
FROM ours o, aclexplode(o.acl) g
WHERE g.grantee <> o.owner;

DO $$
DECLARE
    got text;
BEGIN
    PERFORM pg_temp.expect('PUBLIC may', (SELECT string_agg(g::text, ', ') FROM granted g WHERE who = 'PUBLIC'), NULL);
    PERFORM pg_temp.expect('roles other than our three may', (SELECT string_agg(g::text, ', ') FROM granted g
        WHERE who NOT IN ('heimdall_daemon', 'heimdall_admin', 'heimdall_reader')), NULL);
    PERFORM pg_temp.expect('rights with GRANT OPTION', (SELECT string_agg(g::text, ', ') FROM granted g WHERE is_grantable), NULL);

    -- All rights other than SELECT.
    SELECT string_agg(format('%s %s: %s', substr(who, 10), name, privileges), E'\n' ORDER BY who, name) INTO got
    FROM (SELECT who, name, string_agg(privilege, ' ' ORDER BY privilege) AS privileges FROM granted
          WHERE kind IN ('table', 'view', 'sequence', 'column') GROUP BY who, name) g WHERE privileges <> 'select';
    PERFORM pg_temp.expect('tables that may be written', got, concat_ws(E'\n',
        'daemon backfill_changes: insert', 'daemon backfills: select update', 'daemon coverage_changes: insert', 'daemon extracted_features: delete insert select update',
        'daemon feature_minutes: delete insert select update', 'daemon feature_parts: delete insert select', 'daemon feature_queue: delete select update',
        'daemon measurement_features: delete insert select update', 'daemon queue_depth: select update', 'daemon session_locks: select update', 'daemon sweep_state: select update',
        'daemon worker_heartbeats: delete insert select update'));
    SELECT string_agg(format('%s %s', substr(who, 10), name), ', ' ORDER BY who, name) INTO got FROM granted WHERE kind = 'function';
    PERFORM pg_temp.expect('functions that may be called', got, concat_ws(', ',
        'admin cancel_backfill', 'admin cancel_measurement', 'admin enqueue_missing', 'admin extract_again', 'admin pause_extraction', 'admin prioritise', 'admin purge_features', 'admin record_action', 'admin recount_coverage', 'admin request_backfill', 'admin resume_extraction', 'admin retry_failed', 'admin retry_measurement', 'admin set_completed_statuses',
        'daemon announce_sessions', 'daemon as_time', 'daemon as_uuid', 'daemon as_uuid', 'daemon claim_measurements', 'daemon completed_statuses', 'daemon count_queue', 'daemon count_session', 'daemon earlier', 'daemon enqueue_missing', 'daemon expand_notes', 'daemon find_obstacles', 'daemon inheriting_tables', 'daemon is_completed', 'daemon is_hypertable', 'daemon keep_backfills', 'daemon keep_coverage', 'daemon longest_session', 'daemon may_notify', 'daemon measure_coverage', 'daemon missing_indexes', 'daemon missing_receivers', 'daemon redefined_view',
        'daemon release_expired', 'daemon results_table', 'daemon session_lock_key', 'daemon settle_sessions', 'daemon state_of', 'daemon status_of', 'daemon wake_workers', 'daemon window_end',
        'reader as_time', 'reader as_uuid', 'reader as_uuid', 'reader completed_statuses', 'reader count_queue', 'reader count_session', 'reader earlier', 'reader is_completed', 'reader longest_session', 'reader measure_coverage', 'reader missing_receivers', 'reader state_of', 'reader status_of', 'reader window_end'));
    PERFORM pg_temp.expect('the application''s tables are read through views alone', (SELECT string_agg(g::text, ', ') FROM granted g
        WHERE name IN ('recording_sessions', 'measurements', 'websdr_stations', 'iq_measurements', 'application_measurements')), NULL);
    PERFORM pg_temp.expect('rights on the schema other than USAGE', (SELECT string_agg(privilege, ', ') FROM granted WHERE kind = 'schema' AND privilege <> 'usage'), NULL);
    PERFORM pg_temp.expect('the roles cannot log in and have no attributes', (SELECT string_agg(rolname, ', ') FROM pg_roles
        WHERE rolname IN ('heimdall_daemon', 'heimdall_admin', 'heimdall_reader')
          AND (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)), NULL);

    -- Functions: which ones run with the owner's rights, and which build a statement. find_obstacles() tries the CHECKs of
    -- our table, set_completed_statuses() quotes what it is given, purge_features() drops partitions by their names; the other two run with the caller's rights.
    SELECT string_agg(proname, ', ' ORDER BY proname) INTO got FROM pg_proc WHERE pronamespace = 'heimdall'::regnamespace AND prosecdef;
    PERFORM pg_temp.expect('with the owner''s rights', got, concat_ws(', ', 'cancel_backfill', 'cancel_measurement', 'claim_measurements', 'count_queue', 'count_session', 'enqueue_missing', 'expand_notes', 'extract_again', 'find_obstacles', 'keep_backfills', 'keep_coverage',
        'longest_session', 'measure_coverage', 'missing_indexes', 'missing_receivers', 'note_deleted_features', 'note_measurement_changes', 'note_replicated_change', 'note_session_changes', 'pause_extraction',
        'prioritise', 'purge_features', 'record_action', 'recount_coverage', 'redefined_view', 'request_backfill', 'resume_extraction', 'retry_failed', 'retry_measurement', 'set_completed_statuses'));
    PERFORM pg_temp.expect('functions with dynamic SQL', (SELECT string_agg(proname, ', ' ORDER BY proname) FROM pg_proc
        WHERE pronamespace = 'heimdall'::regnamespace AND prosrc ~* '\mEXECUTE\M'), 'define_view, find_obstacles, is_hypertable, move_results, purge_features, set_completed_statuses');
    PERFORM pg_temp.expect('functions not in SQL or PL/pgSQL', (SELECT string_agg(p.proname, ', ') FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'heimdall'::regnamespace AND l.lanname NOT IN ('sql', 'plpgsql')), NULL);

    -- The check itself finds a new right.
    GRANT SELECT ON heimdall.feature_queue TO PUBLIC;
    GRANT UPDATE (iq_data_location) ON heimdall.measurements TO heimdall_daemon;
    PERFORM pg_temp.expect('seen', (SELECT count(*) FROM granted WHERE who = 'PUBLIC' OR kind = 'column'), 2::bigint);
END $$;
ROLLBACK;
