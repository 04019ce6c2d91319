-- A time that the application keeps as text, or NULL where it is none. Without a zone it is in UTC; 01/02/2026 is the second
-- of January, whatever the session's DateStyle is. A word for a moment that moves, such as now or yesterday, is no time.
CREATE OR REPLACE FUNCTION heimdall.as_time(value text) RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, MDY'
AS $$
BEGIN
    IF value ~* 'now|today|tomorrow|yesterday' THEN
        RETURN NULL;
    END IF;
    RETURN value::timestamptz;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION heimdall.as_time(text) IS
    'The text as a time, or NULL where it is none; for columns of the application that have a text type.';
