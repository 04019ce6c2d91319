-- A hash of everything in the application's tables that decides what an extraction reads and writes. A row of features
-- whose fingerprint differs from the current one is out of date.
-- In PL/pgSQL, which keeps its plan for the connection: a function in SQL with settings is parsed in every statement.
CREATE OR REPLACE FUNCTION heimdall.source_fingerprint(
    location text, station text, iq_format text, sample_rate double precision
) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
-- The text of a number, the same for everybody.
SET extra_float_digits = 1
AS $$
BEGIN
    RETURN hashtextextended(concat_ws(E'\n', location, 'station ' || station, 'format ' || iq_format,
                                      'rate ' || sample_rate), 0);
END
$$;
COMMENT ON FUNCTION heimdall.source_fingerprint(text, text, text, double precision) IS
    'Hash of what decides an extraction: location of the object, receiver, format and sample rate.';
