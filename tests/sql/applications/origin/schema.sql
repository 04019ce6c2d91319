-- The tables of an installation that stores one row per station and second, in a hypertable, and has a table
-- measurement_features of its own: one row per session or synthetic sample, with the transmitter's position. Where the
-- server has not loaded TimescaleDB, measurements is partitioned natively, or, with -v hypertable=1, a double of create_hypertable
-- stands in (timescaledb.sql).
\if :{?hypertable}
\else
\set hypertable 0
\endif
CREATE SCHEMA IF NOT EXISTS heimdall;
SELECT current_setting('shared_preload_libraries') ~ 'timescaledb' AS has_timescaledb \gset

CREATE TABLE heimdall.websdr_stations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(255) NOT NULL UNIQUE, url varchar(512) NOT NULL,
    country varchar(100), latitude float8 NOT NULL, longitude float8 NOT NULL, altitude_asl integer,
    is_active boolean DEFAULT true, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now()
);
CREATE TABLE heimdall.known_sources (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(255) NOT NULL UNIQUE, frequency_hz bigint,
    latitude float8, longitude float8, power_dbm float8, source_type varchar(100), is_validated boolean DEFAULT false,
    error_margin_meters float8, created_at timestamptz DEFAULT now()
);
CREATE TABLE heimdall.recording_sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    known_source_id uuid REFERENCES heimdall.known_sources (id) ON DELETE CASCADE,
    session_name varchar(255) NOT NULL, session_start timestamptz NOT NULL, session_end timestamptz,
    duration_seconds float8, celery_task_id varchar(255) UNIQUE,
    status varchar(50) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'recording', 'source_assigned', 'in_progress', 'completed', 'failed')),
    approval_status varchar(50) DEFAULT 'pending', uncertainty_meters float8, notes text,
    created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now()
);
CREATE TABLE heimdall.measurements (
    id uuid NOT NULL DEFAULT gen_random_uuid(), timestamp timestamptz NOT NULL,
    websdr_station_id uuid REFERENCES heimdall.websdr_stations (id) ON DELETE CASCADE,
    recording_session_id uuid REFERENCES heimdall.recording_sessions (id) ON DELETE CASCADE,
    frequency_hz bigint NOT NULL, signal_strength_db float8, snr_db float8, frequency_offset_hz integer,
    iq_data_location varchar(512), iq_data_format varchar(50), iq_sample_rate integer, iq_samples_count integer,
    duration_seconds float8, notes text,
    PRIMARY KEY (timestamp, id)
)
\if :has_timescaledb
;
CREATE EXTENSION IF NOT EXISTS timescaledb;
SELECT create_hypertable('heimdall.measurements', 'timestamp');
\elif :hypertable
;
\ir timescaledb.sql
SELECT create_hypertable('heimdall.measurements', 'timestamp');
\else
PARTITION BY RANGE (timestamp);
-- Weeks around the recordings of data.sql.
SELECT format('CREATE TABLE heimdall.measurements_w%s PARTITION OF heimdall.measurements FOR VALUES FROM (%L) TO (%L)',
              n, timestamptz '2026-09-28 00:00Z' + n * interval '7 days', timestamptz '2026-10-05 00:00Z' + n * interval '7 days')
FROM generate_series(0, 12) n
\gexec
\endif
CREATE INDEX ON heimdall.measurements (websdr_station_id, timestamp DESC);
CREATE INDEX ON heimdall.measurements (recording_session_id, timestamp DESC);
\ir measurement_features.sql
