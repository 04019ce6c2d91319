-- Purpose: the application starts a session.
-- Parameters: $1 centre frequency in Hz, $2 length in seconds
-- Returns: its id, and its start as the parts of an object key
INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at, updated_at)
VALUES (gen_random_uuid(), 'recording', $1::bigint, 12500, $2::double precision, now(), now())
RETURNING id,
          to_char(created_at AT TIME ZONE 'UTC', 'YYYY/MM/DD') AS day,
          to_char(created_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS started;
