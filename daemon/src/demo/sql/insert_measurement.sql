-- Purpose: the application stores one receiver's recording, 10 ms after the session's start. It belongs to the session
--   by its time only.
-- Parameters: $1 session, $2 station, $3 centre frequency in Hz, $4 object key
-- Returns: its id
INSERT INTO heimdall.measurements (id, websdr_station_id, frequency_hz, signal_strength_db, iq_data_location, created_at)
SELECT gen_random_uuid(), $2::uuid, $3::bigint, NULL, $4::text, s.created_at + interval '10 ms'
FROM heimdall.recording_sessions s
WHERE s.id = $1::uuid
RETURNING id;
