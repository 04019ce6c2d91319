-- What has to stand before anything else can be looked up: one migration at a time, the schema, the list of versions.
-- Runs first on every migration, inside its transaction.

DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('heimdall.migrate', 0));
END
$$;

-- In any other encoding there are names, keys or messages that cannot be stored; in SQL_ASCII there are also bytes that are no
-- text at all, which the daemon could not read.
DO $$
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'heimdall: the database % is encoded in %, it has to be UTF8', current_database(), current_setting('server_encoding')
            USING HINT = 'Dump it, and restore it into one made by  CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0;';
    END IF;
END
$$;

-- A migration that cannot get a lock gives up after this time and has changed nothing (`heimdalld migrate` tries again):
-- every statement on the same table or view queues behind the one that waits. Less than deadlock_timeout, so that
-- in a deadlock it is the migration that gives way, not the application or a daemon.
SET LOCAL lock_timeout = '500ms';
SET LOCAL client_min_messages = warning;

-- Whoever reads a view locks it first and then what it stands on; replacing them goes the other way and would meet the
-- daemons half-way. So all that stand are locked here, the upper ones first. The owner stays who it is; LOCK would
-- lock the application's tables below as well.
DO $$
DECLARE
    upper record;
BEGIN
    FOR upper IN
        SELECT c.oid::regclass AS name, pg_get_userbyid(c.relowner) AS owner
        FROM unnest(ARRAY['feature_coverage', 'session_coverage', 'session_features', 'feature_failures', 'backfill_progress',
                          'extraction_workers', 'pending_features', 'session_measurements', 'iq_measurements'])
             WITH ORDINALITY AS v (name, nth)
        JOIN pg_class c ON c.relname = v.name AND c.relnamespace = to_regnamespace('heimdall') AND c.relkind = 'v'
        ORDER BY v.nth
    LOOP
        EXECUTE format('ALTER VIEW %s OWNER TO %I', upper.name, upper.owner);
    END LOOP;
END
$$;

-- IF NOT EXISTS asks for CREATE on the database even where the schema stands already, hence the look first.
DO $$
BEGIN
    IF to_regnamespace('heimdall') IS NULL THEN
        CREATE SCHEMA heimdall;
    END IF;
END
$$;
COMMENT ON SCHEMA heimdall IS
    'Heimdall: stations, recording sessions and measurements (the application''s), and the RF features extracted from them (heimdalld''s).';

CREATE TABLE IF NOT EXISTS heimdall.schema_migrations (
    version    integer     CONSTRAINT schema_migrations_pkey PRIMARY KEY,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE heimdall.schema_migrations IS 'Which files of sql/schema have been applied here. Written by each of those files, as its last statement.';
COMMENT ON COLUMN heimdall.schema_migrations.version IS 'The four digits the file name begins with.';
COMMENT ON COLUMN heimdall.schema_migrations.name IS 'The rest of the file name.';
COMMENT ON COLUMN heimdall.schema_migrations.applied_at IS 'When, by the database''s clock.';
