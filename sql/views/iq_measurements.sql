-- The application's measurements that have an object, with their receiver. Before a column that is used here is dropped
-- or retyped, application_measurements must be dropped (CASCADE); the next migration creates all views again.
DO $$
BEGIN
    PERFORM heimdall.define_view('iq_measurements', $view$
CREATE OR REPLACE VIEW heimdall.iq_measurements AS
SELECT m.measurement_id, m.named_session AS recording_session_id, m.websdr_station_id,
       coalesce({st.station_name}, m.websdr_station_id::text) AS rx_id,
       {st.latitude} AS rx_lat,
       {st.longitude} AS rx_lon,
       m.frequency_hz, m.measured_at AS created_at, m.iq_data_location, m.iq_data_format,
       m.iq_sample_rate, m.iq_samples_count, m.duration_seconds, m.bad_value
FROM heimdall.application_measurements m
LEFT JOIN heimdall.websdr_stations st ON {st.station_id} = m.websdr_station_id
-- IS TRUE keeps the planner from reading all ids by their index.
WHERE m.iq_data_location IS NOT NULL AND (m.measurement_id IS NOT NULL) IS TRUE
    $view$);
END
$$;

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
COMMENT ON COLUMN heimdall.iq_measurements.created_at IS
    'Time of the recording: measurements.timestamp or created_at; may be NULL.';
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
