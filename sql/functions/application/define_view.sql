-- Makes a view of ours by a template (fit_to_application), or replaces it. Where its columns cannot be replaced, because their
-- types or collations are others than before, it is dropped first, with what depends on it: the migration that calls this
-- makes all of ours again. If something of somebody else depends on it, an exception says so and nothing is dropped. Rights
-- that somebody has granted on the views are noted for grants.sql, which grants them again.
CREATE OR REPLACE FUNCTION heimdall.define_view(name text, template text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition CONSTANT text := heimdall.fit_to_application(template);
    others text;
BEGIN
    BEGIN
        EXECUTE definition;
        RETURN;
    EXCEPTION WHEN invalid_table_definition THEN
        NULL;
    END;
    WITH RECURSIVE above AS (
        SELECT to_regclass('heimdall.' || quote_ident(name))::oid AS oid
      UNION
        SELECT r.ev_class
        FROM above a
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.oid AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite r ON r.oid = d.objid
    )
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO others
    FROM (SELECT a.oid::regclass::text AS name
          FROM above a JOIN pg_class c ON c.oid = a.oid
          WHERE c.relnamespace <> 'heimdall'::regnamespace OR c.relname::text <> ALL (heimdall.our_views())
             OR c.relname = 'session_measurements' AND heimdall.redefined_view() IS NOT NULL
        UNION
          SELECT p.oid::regprocedure::text
          FROM above a
          JOIN pg_class c ON c.oid = a.oid
          JOIN pg_depend d ON d.classid = 'pg_proc'::regclass
                          AND (d.refclassid, d.refobjid) IN (('pg_class'::regclass, a.oid), ('pg_type'::regclass, c.reltype))
          JOIN pg_proc p ON p.oid = d.objid AND (p.pronamespace <> 'heimdall'::regnamespace OR p.proname <> 'status_of')) o;
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'heimdall: a column of the application is read in another way now, so heimdall.% must be dropped, and % '
                        'uses it', name, others
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = format('Keep the definition of what is named, and type:  DROP VIEW heimdall.%I CASCADE;  Then run this '
                                'migration, and define it again.', name);
    END IF;
    PERFORM set_config('heimdall.lost_rights', (
        SELECT coalesce(nullif(current_setting('heimdall.lost_rights', true), '')::jsonb, '[]')
               || coalesce(jsonb_agg(format('GRANT %s ON heimdall.%I TO %s%s', a.privilege_type, c.relname,
                                            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                                            CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)), '[]')
        FROM pg_class c
        CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relname::text = ANY (heimdall.our_views()) AND a.grantee <> c.relowner
          AND pg_get_userbyid(a.grantee) NOT IN ('heimdall_daemon', 'heimdall_admin', 'heimdall_reader'))::text, true);
    EXECUTE format('DROP VIEW heimdall.%I CASCADE', name);
    EXECUTE definition;
END
$$;
COMMENT ON FUNCTION heimdall.define_view(text, text) IS
    'Makes or replaces a view of ours. Where it must be dropped first, nothing of somebody else may depend on it. Called by '
    'migrations only.';
