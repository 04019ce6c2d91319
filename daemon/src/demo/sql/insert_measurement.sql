-- Purpose: the application enters one receiver's recording, made a moment after the session's start; that it belongs
--   to the session follows from the time alone.
-- Parameters: $1 session, $2 station, $3 centre frequency in Hz, $4 object key
-- Returns: its id
INSERT INTO heimdall.measurements (id, websdr_station_id, frequency_hz, signal_strength_db, iq_data_location, created_at)
SELECT gen_random_uuid(), $2::uuid, $3::bigint, NULL, $4::text, s.created_at + interval '10 ms'
FROM heimdall.recording_sessions s
WHERE s.id = $1::uuid
RETURNING id;
