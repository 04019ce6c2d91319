-- The application's measurements in one shape for all installations: see functions/application/application_value.sql and
-- application_sessions. A value that cannot be converted, or that no recording has (a NaN, a year of 294276), is NULL
-- here and named in bad_value: the measurement becomes an error row, and nothing else fails because of it.
DO $$
BEGIN
    PERFORM heimdall.define_view('application_measurements', $view$
CREATE OR REPLACE VIEW heimdall.application_measurements AS
SELECT {m.measurement_id}    AS measurement_id,
       {m.named_session}     AS named_session,
       {m.station}           AS websdr_station_id,
       {m.frequency_hz}      AS frequency_hz,
       {m.measured_at}       AS measured_at,
       {m.iq_data_location}  AS iq_data_location,
       {m.iq_data_format}    AS iq_data_format,
       {m.iq_sample_rate}    AS iq_sample_rate,
       {m.iq_samples_count}  AS iq_samples_count,
       {m.recording_seconds} AS duration_seconds,
       {m.bad_value}         AS bad_value
FROM heimdall.measurements m
    $view$);
END
$$;

COMMENT ON VIEW heimdall.application_measurements IS
    'The application''s measurements. The columns are the same whichever optional columns the table has.';
COMMENT ON COLUMN heimdall.application_measurements.measurement_id IS 'measurements.id.';
COMMENT ON COLUMN heimdall.application_measurements.named_session IS
    'recording_session_id: the session that the measurement names; NULL where it names none.';
COMMENT ON COLUMN heimdall.application_measurements.websdr_station_id IS 'The receiver.';
COMMENT ON COLUMN heimdall.application_measurements.frequency_hz IS 'Centre frequency in Hz, or NULL.';
COMMENT ON COLUMN heimdall.application_measurements.measured_at IS
    'Time of the recording: timestamp, or created_at where the table has no timestamp; may be NULL.';
COMMENT ON COLUMN heimdall.application_measurements.iq_data_location IS 'The IQ object, or NULL.';
COMMENT ON COLUMN heimdall.application_measurements.iq_data_format IS 'Sample format, or NULL.';
COMMENT ON COLUMN heimdall.application_measurements.iq_sample_rate IS 'Samples per second, or NULL.';
COMMENT ON COLUMN heimdall.application_measurements.iq_samples_count IS 'Complex samples, or NULL.';
COMMENT ON COLUMN heimdall.application_measurements.duration_seconds IS 'Length of the recording in seconds, or NULL.';
COMMENT ON COLUMN heimdall.application_measurements.bad_value IS
    'Which column has which value that no recording has; NULL where all are good.';
