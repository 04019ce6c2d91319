-- What has to stand before anything else can be looked up: one migration at a time, the schema, the list of versions.
-- Runs first on every migration, inside its transaction.

DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('heimdall.migrate', 0));
END
$$;

-- A migration that cannot get its lock on a table gives up after this time: every statement of the
-- application on that table queues behind the one that waits.
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;

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
