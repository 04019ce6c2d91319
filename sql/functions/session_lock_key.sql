-- The key of the advisory lock of a session. The salt keeps it apart from the keys that an application makes of the
-- same id.
CREATE OR REPLACE FUNCTION heimdall.session_lock_key(session_id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT uuid_hash_extended(session_id, 7350423801) $$;
COMMENT ON FUNCTION heimdall.session_lock_key(uuid) IS
    'The key of the advisory lock that transactions take which finish measurements of a session.';
