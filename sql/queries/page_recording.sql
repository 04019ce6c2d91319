-- Purpose: what is needed to draw a recording.
-- Parameters: $1 measurement
-- Returns: one row, or none where the measurement has no object or belongs to no session
-- Plan: look-ups by measurement
SELECT m.rx_id, m.frequency_hz, m.iq_data_location, m.iq_data_format, m.iq_sample_rate, m.iq_samples_count,
       m.duration_seconds
FROM heimdall.session_measurements m
WHERE m.measurement_id = $1::uuid
LIMIT 1;
