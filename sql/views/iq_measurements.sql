-- The application's measurements that have an object, with their receiver. A column that an installation lacks is NULL:
-- inside the lateral query a bare name means the table's column where it exists, else the NULL of "absent". PostgreSQL
-- decides this when it creates the view, so a column that is added later counts after the next migration. Before a
-- column that is used here is dropped or retyped, this view must be dropped (CASCADE); the next migration creates all
-- views again.
--
-- A value that cannot be converted, or that no recording has (a NaN, a year of 294276), is NULL here and named in
-- bad_value: the measurement becomes an error row, and nothing else fails because of it.
CREATE OR REPLACE VIEW heimdall.iq_measurements AS
SELECT present.measurement_id, present.recording_session_id, present.websdr_station_id,
       coalesce(st.name::text, present.websdr_station_id::text) AS rx_id,
       st.latitude::double precision AS rx_lat,
       st.longitude::double precision AS rx_lon,
       present.frequency_hz, present.created_at, present.iq_data_location, present.iq_data_format,
       present.iq_sample_rate, present.iq_samples_count, present.duration_seconds, present.bad_value
FROM (SELECT NULL::uuid AS recording_session_id, NULL::text AS iq_data_format,
             NULL::double precision AS iq_sample_rate, NULL::bigint AS iq_samples_count,
             NULL::double precision AS duration_seconds) absent
CROSS JOIN LATERAL (
    SELECT heimdall.as_uuid(m.id)                 AS measurement_id,
           heimdall.as_uuid(recording_session_id) AS recording_session_id,
           m.websdr_station_id                    AS websdr_station_id,
           CASE WHEN m.frequency_hz::double precision BETWEEN -9e18 AND 9e18 THEN m.frequency_hz::bigint END
                                                  AS frequency_hz,
           m.created_at::timestamptz              AS created_at,
           m.iq_data_location::text               AS iq_data_location,
           iq_data_format::text                   AS iq_data_format,
           iq_sample_rate::double precision       AS iq_sample_rate,
           CASE WHEN iq_samples_count::double precision BETWEEN -9e18 AND 9e18 THEN iq_samples_count::bigint END
                                                  AS iq_samples_count,
           duration_seconds::double precision     AS duration_seconds,
           nullif(concat_ws(', ',
               CASE WHEN heimdall.as_uuid(recording_session_id) IS NULL AND recording_session_id::text <> ''
                    THEN format('recording_session_id is %L', left(recording_session_id::text, 40)) END,
               CASE WHEN NOT m.frequency_hz::double precision BETWEEN -9e18 AND 9e18
                    THEN format('frequency_hz is %s', m.frequency_hz) END,
               CASE WHEN NOT m.created_at BETWEEN '0001-01-01' AND '9999-12-31'
                    THEN format('created_at is %s', m.created_at) END,
               CASE WHEN NOT iq_samples_count::double precision BETWEEN -9e18 AND 9e18
                    THEN format('iq_samples_count is %s', iq_samples_count) END), '') AS bad_value
    FROM heimdall.measurements m
    WHERE m.iq_data_location IS NOT NULL
) present
LEFT JOIN heimdall.websdr_stations st ON st.id = present.websdr_station_id;

COMMENT ON VIEW heimdall.iq_measurements IS
    'The application''s measurements that have an IQ object, with their receiver. The columns are the same whichever '
    'optional columns the table has.';
COMMENT ON COLUMN heimdall.iq_measurements.measurement_id IS 'measurements.id.';
COMMENT ON COLUMN heimdall.iq_measurements.recording_session_id IS
    'The session that the measurement names; NULL where it names none.';
COMMENT ON COLUMN heimdall.iq_measurements.websdr_station_id IS 'The receiver.';
COMMENT ON COLUMN heimdall.iq_measurements.rx_id IS 'The receiver''s name, else its id as text.';
COMMENT ON COLUMN heimdall.iq_measurements.rx_lat IS
    'Latitude of the receiver in degrees; NULL where the station is unknown.';
COMMENT ON COLUMN heimdall.iq_measurements.rx_lon IS
    'Longitude of the receiver in degrees; NULL where the station is unknown.';
COMMENT ON COLUMN heimdall.iq_measurements.frequency_hz IS 'Centre frequency in Hz.';
COMMENT ON COLUMN heimdall.iq_measurements.created_at IS 'Time of the recording; may be NULL.';
COMMENT ON COLUMN heimdall.iq_measurements.iq_data_location IS 'The IQ object; never NULL.';
COMMENT ON COLUMN heimdall.iq_measurements.iq_data_format IS
    'Sample format; NULL where the application does not store it.';
COMMENT ON COLUMN heimdall.iq_measurements.iq_sample_rate IS
    'Samples per second; NULL where the application does not store it.';
COMMENT ON COLUMN heimdall.iq_measurements.iq_samples_count IS
    'Complex samples; NULL where the application does not store it.';
COMMENT ON COLUMN heimdall.iq_measurements.duration_seconds IS
    'Length of the recording in seconds; NULL where the application does not store it.';
COMMENT ON COLUMN heimdall.iq_measurements.bad_value IS
    'Which column has which value that no recording has; NULL where all are good.';
