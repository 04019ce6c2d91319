-- The application's own tables, partitioned by day, with sessions of seven measurements every five minutes of a year.
CREATE SCHEMA heimdall;
CREATE TABLE heimdall.websdr_stations (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, latitude float8, longitude float8);
CREATE TABLE heimdall.recording_sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid, status text NOT NULL, frequency_hz bigint,
    bandwidth_hz integer, duration_seconds float8, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
CREATE TABLE heimdall.measurements (
    id uuid NOT NULL, websdr_station_id uuid, frequency_hz bigint, signal_strength_db float8, iq_data_location text,
    created_at timestamptz NOT NULL, recording_session_id uuid, PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
SELECT format('CREATE TABLE heimdall.measurements_%s PARTITION OF heimdall.measurements FOR VALUES FROM (%L) TO (%L)',
              n, timestamptz '2025-01-01 00:00Z' + n * interval '1 day', timestamptz '2025-01-02 00:00Z' + n * interval '1 day')
FROM generate_series(0, :partitions - 1) n \gexec
CREATE TABLE heimdall.measurements_rest PARTITION OF heimdall.measurements DEFAULT;
INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
SELECT md5('session' || i)::uuid, 'recording', 145000000, 1, timestamptz '2025-01-01 00:00Z' + i * interval '5 minutes'
FROM generate_series(1, :measurements / 7) i;
INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
SELECT md5(i || '/' || k)::uuid, 145000000, i || '/' || k || '.bin',
       timestamptz '2025-01-01 00:00Z' + i * interval '5 minutes' + k * interval '10 ms'
FROM generate_series(1, :measurements / 7) i, generate_series(1, 7) k;
