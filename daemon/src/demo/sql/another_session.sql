WITH s AS (
    INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
    VALUES ('recording', 145000000, 1) RETURNING created_at
)
INSERT INTO heimdall.measurements
       (websdr_station_id, frequency_hz, iq_data_location, created_at)
SELECT DISTINCT ON (m.websdr_station_id)
       m.websdr_station_id, m.frequency_hz, m.iq_data_location, s.created_at
FROM heimdall.measurements m, s ORDER BY m.websdr_station_id, m.created_at DESC;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording';
