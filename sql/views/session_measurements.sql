-- Which measurement belongs to which session. This view is the only place that defines it. An installation whose tables
-- differ redefines the view and keeps its columns: a migration leaves a definition that is not ours, and checks it.
--
-- The rule: the session that the measurement names, where it names one. Otherwise the session whose window
-- [started_at, started_at + duration_seconds] of application_sessions, both ends included, contains the measurement's
-- time; among several the nearest frequency, then the later start, then the greater id. Only measurements with an object count.
-- A session has no window if its duration is NULL, negative, NaN or more than seven days. Such a value is more often a
-- mistake than a recording, and its window would contain every later measurement.
--
-- The view is fast by session, by measurement and in full, with indexes on the times only. A measurement's
-- session began at most the longest duration before it, which bounds the search from that side. Measurements are
-- compared with several sessions only where the window of their session overlaps another one. The planner has no
-- statistics for windows: it takes a comparison of two columns for a third of all rows, and an equation with an
-- expression for one in 200. So the implied equation keeps it from compiling a query of seven rows for seconds (JIT).
-- The limit: a search reads every session that began within the longest duration. With sessions of one second, one per
-- minute, and a single session of one day, that is 1,440 index entries per search, a tenth of a millisecond. A query of
-- the whole history by time uses one process: the look-ups keep it from being parallel, and from being quadratic.
DO $migration$
DECLARE
    lacking CONSTANT text := heimdall.redefined_view();
BEGIN
    IF lacking = '' THEN
        RAISE WARNING 'heimdall: the definition of session_measurements is not ours; it is kept'
            USING HINT = 'To have ours:  DROP VIEW heimdall.session_measurements CASCADE;  Then run this migration again.';
        RETURN;
    ELSIF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'heimdall: the definition of session_measurements is not ours and does not fit: %', lacking
            USING HINT = 'Type:  DROP VIEW heimdall.session_measurements CASCADE;  Then run this migration, and define '
                         'the view again with these columns.';
    END IF;
    EXECUTE $view$
CREATE OR REPLACE VIEW heimdall.session_measurements AS
SELECT b.session_id                                        AS recording_session_id,
       b.status                                            AS session_status,
       b.session_created_at                                AS session_created_at,
       b.session_frequency_hz                              AS session_frequency_hz,
       b.session_duration_seconds                          AS session_duration_seconds,
       b.measurement_id                                    AS measurement_id,
       b.websdr_station_id                                 AS websdr_station_id,
       b.rx_id                                             AS rx_id,
       b.rx_lat                                            AS rx_lat,
       b.rx_lon                                            AS rx_lon,
       coalesce(b.frequency_hz, b.session_frequency_hz)    AS frequency_hz,
       coalesce(CASE WHEN b.created_at BETWEEN '0001-01-01' AND '9999-12-31' THEN b.created_at END,
                CASE WHEN b.session_created_at BETWEEN '0001-01-01' AND '9999-12-31' THEN b.session_created_at END,
                'epoch')                                   AS measured_at,
       b.iq_data_location                                  AS iq_data_location,
       b.iq_data_format                                    AS iq_data_format,
       b.iq_sample_rate                                    AS iq_sample_rate,
       b.iq_samples_count                                  AS iq_samples_count,
       b.duration_seconds                                  AS duration_seconds,
       b.created_at                                        AS created_at
FROM (
    -- The measurement names the session.
    SELECT s.session_id, s.status, s.started_at AS session_created_at, s.frequency_hz AS session_frequency_hz,
           s.duration_seconds AS session_duration_seconds, m.*
    FROM heimdall.iq_measurements m
    JOIN heimdall.application_sessions s ON s.session_id = m.recording_session_id
    -- Implied by the join; where none is named, the statistics avoid a scan. IS TRUE keeps the planner from reading all
    -- named ones by an index in order to find one.
    WHERE (m.recording_session_id IS NOT NULL) IS TRUE
  UNION ALL
    -- By time. A LIMIT keeps the planner from making a join of a look-up: such a join may read all sessions for each
    -- measurement where the tables were never analysed, or have grown since.
    SELECT s.session_id, s.status, s.started_at, s.frequency_hz, s.duration_seconds, m.*
    FROM heimdall.longest_session() AS longest
    CROSS JOIN heimdall.application_sessions s
    LEFT JOIN LATERAL (
        SELECT true AS found
        FROM heimdall.application_sessions o
        WHERE o.session_id <> s.session_id
          AND (o.duration_seconds BETWEEN 0 AND 604800) IS TRUE
          AND o.started_at BETWEEN heimdall.earlier(s.started_at, longest)
                               AND heimdall.window_end(s.started_at, s.duration_seconds)
          AND heimdall.window_end(o.started_at, o.duration_seconds) >= s.started_at
        LIMIT 1
    ) overlapping ON true
    JOIN heimdall.iq_measurements m
      -- IS TRUE keeps the planner from reading by an index all measurements that name none.
      ON  (m.recording_session_id IS NULL) IS TRUE
      AND m.created_at BETWEEN s.started_at AND heimdall.window_end(s.started_at, s.duration_seconds)
      AND (m.created_at >= s.started_at)::integer = 1
      AND s.started_at >= heimdall.earlier(m.created_at, longest)  -- bounds a search by measurement
    LEFT JOIN LATERAL (
        -- A session that fits better. Nothing is looked up where no window overlaps.
        SELECT true AS found
        FROM heimdall.application_sessions o
        WHERE overlapping.found
          AND o.session_id <> s.session_id
          AND (o.duration_seconds BETWEEN 0 AND 604800) IS TRUE
          AND o.started_at BETWEEN heimdall.earlier(m.created_at, longest) AND m.created_at
          AND heimdall.window_end(o.started_at, o.duration_seconds) >= m.created_at
          AND (coalesce(abs(o.frequency_hz::double precision - m.frequency_hz), 'Infinity'), s.started_at, s.session_id)
            < (coalesce(abs(s.frequency_hz::double precision - m.frequency_hz), 'Infinity'), o.started_at, o.session_id)
        LIMIT 1
    ) better ON true
    WHERE s.duration_seconds BETWEEN 0 AND 604800
      AND better.found IS NULL
) b
    $view$;
    INSERT INTO heimdall.installed_definitions (name, definition, server_version)
    VALUES ('session_measurements', heimdall.view_definition('session_measurements'),
            current_setting('server_version_num')::integer / 10000)
    ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, server_version = excluded.server_version;
END
$migration$;

COMMENT ON VIEW heimdall.session_measurements IS
    'Each measurement that has an IQ object, with the one session it belongs to: the one it names, else the one whose '
    'time window contains it (nearest frequency, then later start). Sessions of any status. Redefine this view where '
    'the application''s tables differ.';
COMMENT ON COLUMN heimdall.session_measurements.recording_session_id IS 'The session.';
COMMENT ON COLUMN heimdall.session_measurements.session_status IS
    'Status of the session; features are extracted when it is completed.';
COMMENT ON COLUMN heimdall.session_measurements.session_created_at IS 'Start of the session''s window.';
COMMENT ON COLUMN heimdall.session_measurements.session_frequency_hz IS 'Centre frequency of the session in Hz.';
COMMENT ON COLUMN heimdall.session_measurements.session_duration_seconds IS
    'Length of the session''s window in seconds.';
COMMENT ON COLUMN heimdall.session_measurements.measurement_id IS 'The measurement.';
COMMENT ON COLUMN heimdall.session_measurements.websdr_station_id IS 'The receiver.';
COMMENT ON COLUMN heimdall.session_measurements.rx_id IS 'The receiver''s name, else its id as text.';
COMMENT ON COLUMN heimdall.session_measurements.rx_lat IS
    'Latitude of the receiver in degrees; NULL where the station is unknown.';
COMMENT ON COLUMN heimdall.session_measurements.rx_lon IS
    'Longitude of the receiver in degrees; NULL where the station is unknown.';
COMMENT ON COLUMN heimdall.session_measurements.frequency_hz IS
    'Centre frequency in Hz: of the measurement, or of its session where the measurement has none.';
COMMENT ON COLUMN heimdall.session_measurements.measured_at IS
    'Time of the measurement, else the start of its session, else 1970-01-01 UTC.';
COMMENT ON COLUMN heimdall.session_measurements.iq_data_location IS 'The IQ object; never NULL.';
COMMENT ON COLUMN heimdall.session_measurements.iq_data_format IS 'Sample format that the application stored, or NULL.';
COMMENT ON COLUMN heimdall.session_measurements.iq_sample_rate IS
    'Samples per second that the application stored, or NULL.';
COMMENT ON COLUMN heimdall.session_measurements.iq_samples_count IS
    'Number of complex samples that the application stored, or NULL.';
COMMENT ON COLUMN heimdall.session_measurements.duration_seconds IS
    'Length of the recording in seconds that the application stored, or NULL.';
COMMENT ON COLUMN heimdall.session_measurements.created_at IS
    'Time of the measurement as it is, or NULL; a condition on it reads one partition.';
