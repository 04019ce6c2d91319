-- What every other file needs: one migration at a time, the schema, and the list of applied versions.
-- Runs first in every migration, inside its transaction.

DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('heimdall.migrate', 0));
    -- grants.sql executes what define_view() puts there. A default of the database must not come to be executed.
    PERFORM set_config('heimdall.lost_rights', '', true);
END
$$;

-- In another encoding some names, keys or messages cannot be stored. SQL_ASCII may also contain bytes that are not
-- valid text, which the daemon cannot read.
DO $$
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'heimdall: the database % has the encoding %, it must be UTF8',
                current_database(), current_setting('server_encoding')
            USING HINT = 'Dump the database and restore it into a new one:  '
                         'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0;';
    END IF;
END
$$;

-- `heimdalld migrate` finds these before it begins.
DO $$
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'heimdall: the transactions of % are read-only', session_user
            USING HINT = format('Type:  SET default_transaction_read_only = off;  or for all sessions:  ALTER ROLE %I RESET '
                                'default_transaction_read_only; ALTER DATABASE %I RESET default_transaction_read_only;',
                                session_user, current_database());
    ELSIF EXISTS (SELECT FROM pg_class c
                  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'heimdall'
                  WHERE c.relname = 'schema_migrations'
                    AND (SELECT count(*) FROM pg_attribute a
                         WHERE a.attrelid = c.oid AND NOT a.attisdropped
                           AND (a.attname, a.atttypid) IN (('version', 'integer'::regtype), ('name', 'text'::regtype),
                                                           ('applied_at', 'timestamptz'::regtype))) < 3) THEN
        RAISE EXCEPTION 'heimdall: heimdall.schema_migrations is the list of another program, not ours'
            USING HINT = 'Type:  ALTER TABLE heimdall.schema_migrations SET SCHEMA public;  and tell that program.';
    END IF;
END
$$;

-- A migration that cannot get a lock gives up after this time and has changed nothing; `heimdalld migrate` tries again.
-- The time is short because every other statement on the same table or view queues after the waiting one. It is less
-- than deadlock_timeout, so that a deadlock ends the migration and not a statement of the application or of a daemon.
SET LOCAL lock_timeout = '500ms';
-- A role or database may limit short statements of an application.
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_min_messages = warning;

-- A query locks a view first and then the views under it. The files under views/ replace them in the opposite order,
-- which could deadlock with the daemons. So this block locks all existing views, the upper ones first. ALTER VIEW to
-- the same owner only takes the lock; LOCK TABLE would also lock the application's tables.
DO $$
DECLARE
    upper record;
BEGIN
    FOR upper IN
        SELECT c.oid::regclass AS name, pg_get_userbyid(c.relowner) AS owner
        FROM unnest(ARRAY['feature_coverage', 'session_coverage', 'session_features', 'feature_samples',
                          'aligned_features', 'session_transmitters', 'feature_dictionary', 'feature_failures',
                          'measurement_status', 'feature_backlog', 'backfill_progress', 'extraction_workers',
                          'pending_features', 'extracted_features', 'session_measurements', 'iq_measurements',
                          'application_measurements', 'application_sessions'])
             WITH ORDINALITY AS v (name, nth)
        JOIN pg_class c ON c.relname = v.name AND c.relnamespace = to_regnamespace('heimdall') AND c.relkind = 'v'
        ORDER BY v.nth
    LOOP
        EXECUTE format('ALTER VIEW %s OWNER TO %I', upper.name, upper.owner);
    END LOOP;
END
$$;

-- CREATE SCHEMA IF NOT EXISTS needs the right CREATE on the database even where the schema exists.
DO $$
BEGIN
    IF to_regnamespace('heimdall') IS NULL THEN
        CREATE SCHEMA heimdall;
    END IF;
END
$$;
DO $$
BEGIN
    -- The schema may belong to somebody else, or have a comment already.
    IF obj_description('heimdall'::regnamespace, 'pg_namespace') IS NULL
       AND (SELECT pg_has_role(n.nspowner, 'USAGE') FROM pg_namespace n WHERE n.nspname = 'heimdall') THEN
        COMMENT ON SCHEMA heimdall IS
            'Heimdall: stations, recording sessions and measurements, written by the application, and the RF features '
            'that heimdalld extracts from them.';
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS heimdall.schema_migrations (
    version    integer     CONSTRAINT schema_migrations_pkey PRIMARY KEY,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
