-- Purpose: `heimdalld migrate`: what the login may not do that an installation needs, and what to type. It works on every
--   database, also before the first installation.
-- Parameters: none. In ASCII, because the database may have an encoding that lacks other characters.
-- Returns: level (blocks, wrong), subject, finding, hint; no rows: nothing is missing
-- Plan: catalogues only.
WITH me AS (
    SELECT current_user::text AS name, r.rolsuper, r.rolcreaterole FROM pg_roles r WHERE r.rolname = current_user
), tables AS (
    SELECT c.oid, c.relname, c.relowner, pg_get_userbyid(c.relowner) AS owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'heimdall'
    WHERE c.relname IN ('recording_sessions', 'measurements', 'websdr_stations') AND c.relkind IN ('r', 'p')
), found (ord, level, subject, finding, hint) AS (
    SELECT 1, 'blocks', 'database', format('the encoding is %s, it must be UTF8', current_setting('server_encoding')),
           'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0;  then restore a dump into it'
    WHERE current_setting('server_encoding') <> 'UTF8'
  UNION ALL
    SELECT 1, 'blocks', 'server', format('PostgreSQL %s; it must be 14 or later', current_setting('server_version')), 'pg_upgrade'
    WHERE current_setting('server_version_num')::integer < 140000
  UNION ALL
    SELECT 1, 'blocks', 'server', CASE WHEN pg_is_in_recovery() THEN 'it is a standby, which takes no writes'
                                       ELSE 'the transactions of this login are read-only' END,
           CASE WHEN pg_is_in_recovery() THEN 'let HEIMDALL_DATABASE_URL name the primary'
                ELSE format('ALTER ROLE %I RESET default_transaction_read_only; '
                            'ALTER DATABASE %I RESET default_transaction_read_only;', session_user, current_database()) END
    WHERE current_setting('transaction_read_only')::boolean
  UNION ALL
    -- Other tools keep a list of this name too.
    SELECT 1, 'blocks', 'schema_migrations', 'heimdall.schema_migrations is the list of another program, not ours',
           'ALTER TABLE heimdall.schema_migrations SET SCHEMA public;  and tell that program'
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'heimdall'
    WHERE c.relname = 'schema_migrations'
      AND (SELECT count(*) FROM pg_attribute a
           WHERE a.attrelid = c.oid AND NOT a.attisdropped
             AND (a.attname, a.atttypid) IN (('version', 'integer'::regtype), ('name', 'text'::regtype),
                                             ('applied_at', 'timestamptz'::regtype))) < 3
  UNION ALL
    SELECT 2, 'blocks', 'rights', format('there is no schema heimdall, and %s may not create it', me.name),
           format('CREATE SCHEMA heimdall AUTHORIZATION %I;', me.name)
    FROM me
    WHERE to_regnamespace('heimdall') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE')
  UNION ALL
    SELECT 2, 'blocks', 'rights',
           format('%s may create nothing in the schema heimdall of %s', me.name, pg_get_userbyid(n.nspowner)),
           format('GRANT USAGE, CREATE ON SCHEMA heimdall TO %I;', me.name)
    FROM me JOIN pg_namespace n ON n.nspname = 'heimdall'
    WHERE NOT (has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE'))
  UNION ALL
    SELECT 3, 'blocks', 'rights', format('heimdall.%s belongs to %s; its triggers and indexes need its owner', t.relname, t.owner),
           format('connect as %I or a superuser, or: GRANT %I TO %I;', t.owner, t.owner, me.name)
    FROM me, tables t
    WHERE NOT pg_has_role(t.relowner, 'USAGE') AND t.relname <> 'websdr_stations'
  UNION ALL
    SELECT 3, 'blocks', 'rights', format('%s may not read heimdall.%s', me.name, t.relname),
           format('GRANT SELECT ON heimdall.%I TO %I;', t.relname, me.name)
    FROM me, tables t
    WHERE NOT has_table_privilege(t.oid, 'SELECT')
  UNION ALL
    SELECT 3, 'blocks', 'rights',
           format('heimdall.measurement_features belongs to %s; the first installation gives it another name for a moment',
                  pg_get_userbyid(c.relowner)),
           format('connect as a superuser, or: GRANT %I TO %I;', pg_get_userbyid(c.relowner), me.name)
    FROM me, pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'heimdall'
    WHERE c.relname = 'measurement_features' AND NOT pg_has_role(c.relowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_class i WHERE i.relnamespace = n.oid AND i.relname = 'schema_migrations')
  UNION ALL
    -- What an earlier migration has left with somebody else.
    SELECT 4, 'blocks', 'rights', format('%s objects of ours belong to %s, for instance %s', count(*), o.owner, min(o.name)),
           format('as %I: heimdalld migrate  (it hands them to the owner of the application''s tables)', o.owner)
    FROM (SELECT pg_get_userbyid(c.relowner) AS owner, c.relowner AS owner_oid, c.oid::regclass::text AS name
          FROM pg_class c
          WHERE c.relnamespace = to_regnamespace('heimdall')
            AND c.relname IN ('schema_migrations', 'feature_queue', 'change_notes', 'session_measurements', 'feature_coverage')
        UNION ALL
          SELECT pg_get_userbyid(p.proowner), p.proowner, p.oid::regprocedure::text
          FROM pg_proc p
          WHERE p.pronamespace = to_regnamespace('heimdall')
            AND p.proname IN ('expand_notes', 'claim_measurements', 'note_session_changes', 'note_measurement_changes')) o
    WHERE NOT pg_has_role(o.owner_oid, 'USAGE')
    GROUP BY o.owner
  UNION ALL
    SELECT 5, 'wrong', 'roles', format('%s do not exist, and %s may not create roles', string_agg(w.name, ', '), me.name),
           string_agg(format('CREATE ROLE %I NOLOGIN;', w.name), ' ') || '  then: heimdalld migrate'
    FROM me, unnest(ARRAY['heimdall_daemon', 'heimdall_admin', 'heimdall_reader']) AS w (name)
    WHERE NOT me.rolsuper AND NOT me.rolcreaterole AND to_regrole(w.name) IS NULL
    GROUP BY me.name
)
SELECT level, subject, finding, hint FROM found ORDER BY ord, subject, finding;
