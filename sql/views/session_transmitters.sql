-- What the application knows of the transmission that a session recorded: its frequency, and the transmitter in
-- known_sources that recording_sessions.known_source_id names. Where the table, a column, or the owner's right to read it
-- is missing, the transmitter is NULL; one that is added later counts after the next migration. A bare column name means
-- the table's column where it exists, else the NULL of "absent".
DO $$
DECLARE
    sources text := $none$
        SELECT NULL::text AS id, NULL::double precision AS latitude, NULL::double precision AS longitude,
               NULL::double precision AS altitude_m, NULL::double precision AS power_dbm
        WHERE false
        $none$;
BEGIN
    IF to_regclass('heimdall.known_sources') IS NOT NULL
       AND (SELECT has_table_privilege(c.relowner, to_regclass('heimdall.known_sources'), 'SELECT')
            FROM pg_class c WHERE c.oid = 'heimdall.recording_sessions'::regclass) THEN
        sources := $known$
        SELECT p.*
        FROM (SELECT NULL::double precision AS latitude, NULL::double precision AS longitude,
                     NULL::double precision AS altitude_m, NULL::double precision AS power_dbm) absent
        CROSS JOIN LATERAL (
            SELECT k.id::text AS id, latitude::double precision AS latitude, longitude::double precision AS longitude,
                   altitude_m::double precision AS altitude_m, power_dbm::double precision AS power_dbm
            FROM heimdall.known_sources k
        ) p
        $known$;
    END IF;
    EXECUTE format($view$
        CREATE OR REPLACE VIEW heimdall.session_transmitters AS
        SELECT s.id AS recording_session_id,
               CASE WHEN s.frequency_hz BETWEEN -9e18 AND 9e18 THEN s.frequency_hz::bigint END AS frequency_hz,
               t.latitude IS NOT NULL AND t.longitude IS NOT NULL AS tx_known,
               t.latitude AS tx_latitude, t.longitude AS tx_longitude, t.altitude_m AS tx_altitude_m,
               t.power_dbm AS tx_power_dbm
        FROM (SELECT NULL::double precision AS frequency_hz, NULL::uuid AS known_source_id) absent
        CROSS JOIN LATERAL (
            SELECT heimdall.as_uuid(r.id) AS id, frequency_hz::double precision AS frequency_hz, known_source_id::text AS source_id
            FROM heimdall.recording_sessions r
        ) s
        LEFT JOIN (%s) t ON t.id = s.source_id
        $view$, sources);
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
