-- The row of session_locks that stands for a session.
-- In PL/pgSQL, which keeps its plan for the connection: a function in SQL with settings is parsed in every statement.
CREATE OR REPLACE FUNCTION heimdall.session_lock_key(session_id uuid) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN uuid_hash_extended(session_id, 0) & 4095;
END
$$;
COMMENT ON FUNCTION heimdall.session_lock_key(uuid) IS
    'The row of session_locks that stands for a session.';
