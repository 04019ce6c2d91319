-- Adds a row to page_actions. The caller is an administrator who cannot change or remove a row, nor name another login.
CREATE OR REPLACE FUNCTION heimdall.record_action(
    operator text, address text, action text, arguments jsonb, measurements bigint, failure text
) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO heimdall.page_actions (operator, address, action, arguments, measurements, failure)
    VALUES (record_action.operator, record_action.address, record_action.action, record_action.arguments,
            record_action.measurements, record_action.failure)
    RETURNING id
$$;
COMMENT ON FUNCTION heimdall.record_action(text, text, text, jsonb, bigint, text) IS
    'Adds a row to page_actions and returns its id. Called by the operator''s page only.';
