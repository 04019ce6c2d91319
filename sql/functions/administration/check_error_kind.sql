-- Refuses an error_kind that no row can have, with the list of those that exist. NULL stands for all.
CREATE OR REPLACE FUNCTION heimdall.check_error_kind(error_kind text) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM heimdall.feature_error_kinds k WHERE k.error_kind = check_error_kind.error_kind)
       AND error_kind IS NOT NULL THEN
        RAISE EXCEPTION 'there is no error_kind %', quote_literal(error_kind)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The kinds: ' || (SELECT string_agg(k.error_kind, ', ') FROM heimdall.feature_error_kinds k)
                         || '. SELECT * FROM heimdall.feature_error_kinds says what they mean.';
    END IF;
END
$$;
COMMENT ON FUNCTION heimdall.check_error_kind(text) IS 'Raises an exception for an unknown error_kind.';
