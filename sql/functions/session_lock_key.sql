-- The row of session_locks that stands for a session.
CREATE OR REPLACE FUNCTION heimdall.session_lock_key(session_id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT uuid_hash_extended(session_id, 0) & 4095 $$;
COMMENT ON FUNCTION heimdall.session_lock_key(uuid) IS
    'The row of session_locks that stands for a session.';
