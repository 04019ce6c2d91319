-- Purpose: the application stores a receiver.
-- Parameters: $1 name, $2 degrees north, $3 degrees east
-- Returns: its id
INSERT INTO heimdall.websdr_stations (id, name, latitude, longitude)
VALUES (gen_random_uuid(), $1::text, $2::double precision, $3::double precision)
RETURNING id;
