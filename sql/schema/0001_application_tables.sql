-- The tables of the recording application. Each one is created only where it is missing. An existing table is left
-- alone: it may lack the columns marked optional and may have others. We put no foreign key and no other constraint on
-- it, so its owner can delete and truncate as before. Their indexes: functions/missing_base_indexes.sql.

DO $$
BEGIN
    IF to_regclass('heimdall.websdr_stations') IS NULL THEN
        CREATE TABLE heimdall.websdr_stations (
            id         uuid             CONSTRAINT websdr_stations_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
            name       text             NOT NULL CONSTRAINT websdr_stations_name_key UNIQUE,
            latitude   double precision NOT NULL
                CONSTRAINT websdr_stations_latitude_check CHECK (latitude BETWEEN -90 AND 90),
            longitude  double precision NOT NULL
                CONSTRAINT websdr_stations_longitude_check CHECK (longitude BETWEEN -180 AND 180),
            created_at timestamptz      NOT NULL DEFAULT now()
        );
        COMMENT ON TABLE heimdall.websdr_stations IS 'SDR receivers of the network. Written by the application.';
        COMMENT ON COLUMN heimdall.websdr_stations.id IS 'The station.';
        COMMENT ON COLUMN heimdall.websdr_stations.name IS 'Unique name; the rx_id of its features.';
        COMMENT ON COLUMN heimdall.websdr_stations.latitude IS 'WGS 84, degrees north.';
        COMMENT ON COLUMN heimdall.websdr_stations.longitude IS 'WGS 84, degrees east.';
        COMMENT ON COLUMN heimdall.websdr_stations.created_at IS 'When the station was entered.';
    END IF;

    IF to_regclass('heimdall.recording_sessions') IS NULL THEN
        CREATE TABLE heimdall.recording_sessions (
            id               uuid             CONSTRAINT recording_sessions_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
            user_id          uuid,
            status           text             NOT NULL DEFAULT 'pending',
            frequency_hz     bigint,
            bandwidth_hz     integer,
            duration_seconds double precision,
            created_at       timestamptz      DEFAULT now(),
            updated_at       timestamptz      DEFAULT now()
        );
        COMMENT ON TABLE heimdall.recording_sessions IS
            'One capture of one transmission by all receivers. Written by the application.';
        COMMENT ON COLUMN heimdall.recording_sessions.id IS 'The session.';
        COMMENT ON COLUMN heimdall.recording_sessions.user_id IS 'Who started it; of no meaning here.';
        COMMENT ON COLUMN heimdall.recording_sessions.status IS
            'The change to ''completed'' starts the extraction; no other value means anything here.';
        COMMENT ON COLUMN heimdall.recording_sessions.frequency_hz IS 'Centre frequency in Hz.';
        COMMENT ON COLUMN heimdall.recording_sessions.bandwidth_hz IS 'Bandwidth asked for, in Hz.';
        COMMENT ON COLUMN heimdall.recording_sessions.duration_seconds IS
            'Length of the window that measurements are matched with, in seconds. NULL, negative, NaN or above seven '
            'days: no window, the session has only the measurements that name it.';
        COMMENT ON COLUMN heimdall.recording_sessions.created_at IS 'Start of the window.';
        COMMENT ON COLUMN heimdall.recording_sessions.updated_at IS 'Last change by the application.';
    END IF;

    IF to_regclass('heimdall.measurements') IS NULL THEN
        CREATE TABLE heimdall.measurements (
            id                   uuid             CONSTRAINT measurements_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
            websdr_station_id    uuid,
            frequency_hz         bigint,
            signal_strength_db   double precision,
            iq_data_location     text,
            created_at           timestamptz      DEFAULT now(),
            recording_session_id uuid,
            iq_data_format       text,
            iq_sample_rate       double precision,
            iq_samples_count     bigint,
            duration_seconds     double precision
        );
        COMMENT ON TABLE heimdall.measurements IS
            'One receiver''s recording within a session. Written by the application.';
        COMMENT ON COLUMN heimdall.measurements.id IS 'The measurement.';
        COMMENT ON COLUMN heimdall.measurements.websdr_station_id IS 'The receiver: websdr_stations.id.';
        COMMENT ON COLUMN heimdall.measurements.frequency_hz IS 'Centre frequency in Hz.';
        COMMENT ON COLUMN heimdall.measurements.signal_strength_db IS
            'As reported by the receiver, in dB; not used here.';
        COMMENT ON COLUMN heimdall.measurements.iq_data_location IS
            'The IQ object: key, bucket/key or s3://bucket/key. NULL: nothing to extract (yet).';
        COMMENT ON COLUMN heimdall.measurements.created_at IS 'Time of the recording; NULL: the session''s is used.';
        COMMENT ON COLUMN heimdall.measurements.recording_session_id IS
            'Optional. The session; where set it wins over the match by time.';
        COMMENT ON COLUMN heimdall.measurements.iq_data_format IS
            'Optional. Sample format of the object, e.g. cf32_le.';
        COMMENT ON COLUMN heimdall.measurements.iq_sample_rate IS 'Optional. Samples per second.';
        COMMENT ON COLUMN heimdall.measurements.iq_samples_count IS 'Optional. Complex samples in the object.';
        COMMENT ON COLUMN heimdall.measurements.duration_seconds IS 'Optional. Length of the recording in seconds.';
    END IF;
END
$$;

INSERT INTO heimdall.schema_migrations (version, name) VALUES (1, 'application_tables');
