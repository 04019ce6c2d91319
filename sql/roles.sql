-- The three roles; nobody can log in as one of them, they are granted to whoever may.
-- Roles belong to the whole cluster: they may stand already, and another database of this cluster may be
-- creating them at this moment. An installer without CREATEROLE is told what to type; all else goes on,
-- and grants.sql passes over a role that does not exist.

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
            USING HINT = format('Have an administrator type:  %s and then run this migration again.', missing);
    END IF;
END
$$;
