-- Each object of ours has a comment and grants nothing to PUBLIC; each function has a fixed search_path.
\ir prepare.sql
BEGIN;
DO $$
DECLARE
    without text;
BEGIN
    SELECT string_agg(c.relname || coalesce('.' || a.attname, ''), ', ') INTO without
    FROM pg_class c
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v')
    WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relkind IN ('r', 'v', 'S')
      AND c.relname NOT IN ('recording_sessions', 'measurements', 'websdr_stations', 'feature_queue_id_seq', 'change_notes_id_seq',
                            'coverage_changes_id_seq', 'backfill_changes_id_seq', 'page_actions_id_seq')
      AND col_description(c.oid, coalesce(a.attnum, 0)) IS NULL AND obj_description(c.oid, 'pg_class') IS NULL
       OR c.relnamespace = 'heimdall'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum IS NOT NULL
      AND c.relname NOT IN ('recording_sessions', 'measurements', 'websdr_stations')
      AND col_description(c.oid, a.attnum) IS NULL;
    PERFORM pg_temp.expect('tables, views and columns without a comment', without, NULL);

    SELECT string_agg(p.proname, ', ') INTO without FROM pg_proc p
    WHERE p.pronamespace = 'heimdall'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
    PERFORM pg_temp.expect('functions without a comment', without, NULL);
    SELECT string_agg(t.tgname, ', ') INTO without FROM pg_trigger t
    WHERE t.tgname LIKE 'heimdall%' AND obj_description(t.oid, 'pg_trigger') IS NULL;
    PERFORM pg_temp.expect('triggers without a comment', without, NULL);

    SELECT string_agg(p.proname, ', ') INTO without FROM pg_proc p
    WHERE p.pronamespace = 'heimdall'::regnamespace
      AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s = 'search_path=pg_catalog, pg_temp')
      -- These must be replaced by their bodies, which name nothing but operators of PostgreSQL's own types.
      AND p.oid NOT IN ('heimdall.as_uuid(uuid)'::regprocedure, 'heimdall.earlier'::regproc, 'heimdall.window_end'::regproc,
                        'heimdall.completed_statuses'::regproc, 'heimdall.is_completed'::regproc, 'heimdall.state_of'::regproc);
    PERFORM pg_temp.expect('functions without a fixed search_path', without, NULL);

    SELECT string_agg(p.proname, ', ') INTO without FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
    WHERE p.pronamespace = 'heimdall'::regnamespace AND g.grantee = 0;
    PERFORM pg_temp.expect('functions PUBLIC may call', without, NULL);
    SELECT string_agg(c.relname, ', ') INTO without FROM pg_class c, aclexplode(c.relacl) g
    WHERE c.relnamespace = 'heimdall'::regnamespace AND g.grantee = 0 AND c.relname NOT IN ('recording_sessions', 'measurements', 'websdr_stations');
    PERFORM pg_temp.expect('tables PUBLIC may touch', without, NULL);

    PERFORM pg_temp.expect('our views', heimdall.our_views(),
        (SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relkind = 'v'));
    PERFORM pg_temp.expect('triggers', (SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'heimdall%'),
        ARRAY['heimdall_features_deleted', 'heimdall_features_truncated', 'heimdall_measurement_deleted', 'heimdall_measurement_inserted', 'heimdall_measurement_updated', 'heimdall_session_deleted', 'heimdall_session_inserted', 'heimdall_session_updated']);
END $$;
ROLLBACK;
