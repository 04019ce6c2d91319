-- The three roles. They are NOLOGIN: grant them to the logins that need them. Roles belong to the whole cluster, so
-- they may exist already, and the migration of another database may create them at this moment. An installer without
-- CREATEROLE gets a warning with the commands to type. The migration continues, and grants.sql skips a role that does
-- not exist.

DO $$
DECLARE
    wanted  text;
    missing text := '';
BEGIN
    FOREACH wanted IN ARRAY ARRAY['heimdall_daemon', 'heimdall_admin', 'heimdall_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    missing := missing || format('CREATE ROLE %I NOLOGIN; ', wanted);
            END;
        END IF;
    END LOOP;

    IF missing <> '' THEN
        RAISE WARNING 'heimdall: % may not create roles', current_user
            USING HINT = format('An administrator must type:  %s Then run this migration again.', missing);
    END IF;
END
$$;
