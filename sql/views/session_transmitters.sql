-- What the application knows of the transmission that a session recorded: its frequency, and the transmitter in
-- known_sources that recording_sessions.known_source_id names. Where the table, a column, or the owner's right to read it
-- is missing, the transmitter is NULL; one that is added later counts after the next migration. A column of a type that is
-- no number counts as missing. The bare name known_source_id means the table's column where it exists, else the NULL of
-- "absent".
DO $$
DECLARE
    sources text := $none$
        SELECT NULL::text AS id, NULL::double precision AS latitude, NULL::double precision AS longitude,
               NULL::double precision AS altitude_m, NULL::double precision AS power_dbm
        WHERE false
        $none$;
    one     record;
    numbers text := '';
BEGIN
    IF to_regclass('heimdall.known_sources') IS NOT NULL
       AND (SELECT has_table_privilege(c.relowner, to_regclass('heimdall.known_sources'), 'SELECT')
            FROM pg_class c WHERE c.oid = 'heimdall.recording_sessions'::regclass) THEN
        FOR one IN SELECT f.field, f.columns[1] AS name FROM heimdall.application_fields() f WHERE f.relation = 'known_sources' LOOP
            BEGIN
                numbers := numbers || format(', %s AS %I', heimdall.application_value('k', one.field), one.name);
            EXCEPTION WHEN datatype_mismatch THEN
                numbers := numbers || format(', NULL::double precision AS %I', one.name);
            END;
        END LOOP;
        sources := format('SELECT k.id::text COLLATE pg_catalog."default" AS id %s FROM heimdall.known_sources k', numbers);
    END IF;
    EXECUTE format(heimdall.fit_to_application($view$
        CREATE OR REPLACE VIEW heimdall.session_transmitters AS
        SELECT s.id AS recording_session_id, s.frequency_hz,
               t.latitude IS NOT NULL AND t.longitude IS NOT NULL AS tx_known,
               t.latitude AS tx_latitude, t.longitude AS tx_longitude, t.altitude_m AS tx_altitude_m,
               t.power_dbm AS tx_power_dbm
        FROM (SELECT NULL::uuid AS known_source_id) absent
        CROSS JOIN LATERAL (
            SELECT {r.session_id} AS id, {r.session_frequency_hz} AS frequency_hz, known_source_id::text COLLATE pg_catalog."default" AS source_id
            FROM heimdall.recording_sessions r
        ) s
        LEFT JOIN (%s) t ON t.id = s.source_id
        $view$), sources);
END
$$;

COMMENT ON VIEW heimdall.session_transmitters IS
    'What the application knows of the transmission that each session recorded. The transmitter is the one in '
    'known_sources that recording_sessions.known_source_id names, where these exist.';
COMMENT ON COLUMN heimdall.session_transmitters.recording_session_id IS 'The session.';
COMMENT ON COLUMN heimdall.session_transmitters.frequency_hz IS 'Centre frequency of the session in Hz, or NULL.';
COMMENT ON COLUMN heimdall.session_transmitters.tx_known IS 'Whether the transmitter''s position is known.';
COMMENT ON COLUMN heimdall.session_transmitters.tx_latitude IS 'Latitude of the transmitter in degrees, or NULL.';
COMMENT ON COLUMN heimdall.session_transmitters.tx_longitude IS 'Longitude of the transmitter in degrees, or NULL.';
COMMENT ON COLUMN heimdall.session_transmitters.tx_altitude_m IS 'Altitude of the transmitter in metres, or NULL.';
COMMENT ON COLUMN heimdall.session_transmitters.tx_power_dbm IS 'Power of the transmitter in dBm, or NULL.';
