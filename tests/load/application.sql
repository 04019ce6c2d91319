-- The application's tables as they stand before either service is installed.
CREATE SCHEMA heimdall;

CREATE TABLE heimdall.websdr_stations (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name      text NOT NULL UNIQUE,
    latitude  float8 NOT NULL,
    longitude float8 NOT NULL
);

CREATE TABLE heimdall.recording_sessions (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id          uuid NOT NULL DEFAULT gen_random_uuid(),
    status           text NOT NULL,
    frequency_hz     bigint NOT NULL,
    bandwidth_hz     int NOT NULL,
    duration_seconds float8 NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE heimdall.measurements (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    websdr_station_id  uuid NOT NULL REFERENCES heimdall.websdr_stations,
    frequency_hz       bigint NOT NULL,
    signal_strength_db float8,
    iq_data_location   text,
    created_at         timestamptz NOT NULL
);
-- Both services find a session's measurements by time; without an index either would
-- be measured on sequential scans.
CREATE INDEX measurements_created_at ON heimdall.measurements (created_at);
