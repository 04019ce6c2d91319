-- What we read of the application's tables, and in which columns it may be. Everything but the needed ones is optional.
CREATE OR REPLACE FUNCTION heimdall.application_fields()
RETURNS TABLE (field text, relation text, columns text[], kind text, needed boolean)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES ('measurement_id',       'measurements',       '{id}'::text[],             'uuid',             true),
           ('named_session',        'measurements',       '{recording_session_id}',   'uuid',             false),
           ('station',              'measurements',       '{websdr_station_id}',      'as it is',         true),
           ('frequency_hz',         'measurements',       '{frequency_hz}',           'bigint',           false),
           ('measured_at',          'measurements',       '{timestamp,created_at}',   'timestamptz',      false),
           ('iq_data_location',     'measurements',       '{iq_data_location}',       'text',             true),
           ('iq_data_format',       'measurements',       '{iq_data_format}',         'text',             false),
           ('iq_sample_rate',       'measurements',       '{iq_sample_rate}',         'double precision', false),
           ('iq_samples_count',     'measurements',       '{iq_samples_count}',       'bigint',           false),
           ('recording_seconds',    'measurements',       '{duration_seconds}',       'double precision', false),
           ('session_id',           'recording_sessions', '{id}',                     'uuid',             true),
           ('status',               'recording_sessions', '{status}',                 'text',             true),
           ('session_frequency_hz', 'recording_sessions', '{frequency_hz}',           'bigint',           false),
           ('started_at',           'recording_sessions', '{session_start,created_at}', 'timestamptz',    false),
           ('session_start',        'recording_sessions', '{session_start}',          'timestamptz',      false),
           ('session_end',          'recording_sessions', '{session_end}',            'timestamptz',      false),
           ('session_seconds',      'recording_sessions', '{duration_seconds}',       'double precision', false),
           ('station_id',           'websdr_stations',    '{id}',                     'as it is',         true),
           ('station_name',         'websdr_stations',    '{name}',                   'text',             true),
           ('latitude',             'websdr_stations',    '{latitude}',               'double precision', true),
           ('longitude',            'websdr_stations',    '{longitude}',              'double precision', true),
           -- Where the application has this table.
           ('tx_latitude',          'known_sources',      '{latitude}',               'double precision', false),
           ('tx_longitude',         'known_sources',      '{longitude}',              'double precision', false),
           ('tx_altitude_m',        'known_sources',      '{altitude_m}',             'double precision', false),
           ('tx_power_dbm',         'known_sources',      '{power_dbm}',              'double precision', false)
$$;
COMMENT ON FUNCTION heimdall.application_fields() IS
    'What we read of the application''s tables, and in which columns it may be. Called by migrations only.';
