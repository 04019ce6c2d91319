-- Whether somebody else has redefined session_measurements, and what is wrong with the definition then. NULL: it is ours,
-- or missing. '': it is somebody else's, and has all columns. Else what it lacks.
--
-- A definition is ours if it is what the last migration installed, also after a dump and restore. Where nothing is known of
-- that, or another major version of the server printed it, one that calls longest_session() is ours, and so is one with the
-- column by_another, as the first version had it.
CREATE OR REPLACE FUNCTION heimdall.redefined_view() RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- The table of 0015 is missing before a migration.
    is_known CONSTANT boolean := to_regclass('heimdall.installed_definitions') IS NOT NULL;
    present CONSTANT text := heimdall.view_definition('session_measurements');
    major   CONSTANT integer := current_setting('server_version_num')::integer / 10000;
    known   record;
BEGIN
    IF is_known THEN
        SELECT d.definition, d.server_version INTO known
        FROM heimdall.installed_definitions d WHERE d.name = 'session_measurements';
    ELSE
        SELECT NULL::text AS definition, NULL::integer AS server_version INTO known;
    END IF;
    IF present IS NULL OR heimdall.comparable_definition(present) = heimdall.comparable_definition(known.definition)
       OR known.server_version IS DISTINCT FROM major
          AND (strpos(present, 'longest_session()') > 0 OR strpos(present, 'overlapped.by_another') > 0) THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT coalesce(string_agg(format('%s must be %s, number %s', w.name, w.type, w.n), '; ' ORDER BY w.n), '')
        FROM unnest(ARRAY['recording_session_id uuid', 'session_status text', 'session_created_at timestamp with time zone',
                          'session_frequency_hz bigint', 'session_duration_seconds double precision', 'measurement_id uuid',
                          'websdr_station_id ' || (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
                                                   WHERE a.attrelid = 'heimdall.iq_measurements'::regclass
                                                     AND a.attname = 'websdr_station_id'),
                          'rx_id text', 'rx_lat double precision', 'rx_lon double precision', 'frequency_hz bigint',
                          'measured_at timestamp with time zone', 'iq_data_location text', 'iq_data_format text',
                          'iq_sample_rate double precision', 'iq_samples_count bigint', 'duration_seconds double precision',
                          'created_at timestamp with time zone'])
             WITH ORDINALITY AS e (text, n)
        CROSS JOIN LATERAL (SELECT split_part(e.text, ' ', 1) AS name, substr(e.text, strpos(e.text, ' ') + 1) AS type, e.n) w
        LEFT JOIN pg_attribute a ON a.attrelid = 'heimdall.session_measurements'::regclass AND a.attnum = w.n
        WHERE a.attname IS DISTINCT FROM w.name OR format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM w.type);
END
$$;
COMMENT ON FUNCTION heimdall.redefined_view() IS
    'NULL where session_measurements is ours, an empty text where it is redefined, else what the definition lacks.';
