-- Columns of other types: times without a zone and as text, numbers as text and as floats, ids as text, domains. A value that
-- does not convert is one error row. This check makes the application's tables anew; it is rolled back.
\ir ../prepare.sql
BEGIN;
SET LOCAL client_min_messages = error;
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
CREATE DOMAIN heimdall.hertz AS double precision;
ALTER TABLE heimdall.recording_sessions ALTER COLUMN created_at DROP DEFAULT, ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN duration_seconds TYPE numeric, ALTER COLUMN frequency_hz TYPE varchar(40), ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE varchar(20);
ALTER TABLE heimdall.measurements ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE varchar(64), ALTER COLUMN created_at DROP DEFAULT,
    ALTER COLUMN created_at TYPE text USING to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    ALTER COLUMN frequency_hz TYPE heimdall.hertz, ALTER COLUMN iq_sample_rate TYPE text, ALTER COLUMN iq_samples_count TYPE numeric;
\ir ../../../sql/views/application_sessions.sql
\ir ../../../sql/views/application_measurements.sql
\ir ../../../sql/views/iq_measurements.sql
\ir ../../../sql/views/session_measurements.sql
\ir ../../../sql/views/session_coverage.sql
\ir ../../../sql/functions/intake/note_measurement_changes.sql
\ir ../../../sql/functions/intake/note_session_changes.sql
-- The zone of whoever asks must not matter.
SET LOCAL timezone = 'Asia/Tokyo';
INSERT INTO heimdall.recording_sessions (id, status, created_at, duration_seconds, frequency_hz)
VALUES (pg_temp.session(1), 'recording', '2026-11-27 12:00', 10, '145000000'), (pg_temp.session(2), 'recording', '2026-11-27 13:00', 'NaN', 'unknown'),
       (pg_temp.session(3), 'recording', '2026-11-27 12:00:05', 10, '433.5e6');
INSERT INTO heimdall.measurements (id, iq_data_location, created_at, frequency_hz, iq_sample_rate, iq_samples_count)
VALUES (pg_temp.measurement(1, 1)::text, 'a', '2026-11-27 12:00:01', 145000000, '12500', 12500),
       (pg_temp.measurement(1, 2)::text, 'b', '2026-11-27T21:00:02+09:00', 'NaN', '12.5 kHz', 'NaN'),
       (pg_temp.measurement(1, 3)::text, 'c', 'yesterday noon', 1, '1', 1),
       ('not a uuid', 'd', '2026-11-27 12:00:03', 1, '1', 1);
SELECT pg_temp.expect('by their times', (SELECT string_agg(concat_ws(' ', m.iq_data_location, m.measured_at AT TIME ZONE 'UTC', m.frequency_hz, m.iq_sample_rate), ', ' ORDER BY m.iq_data_location)
    FROM heimdall.session_measurements m WHERE m.recording_session_id = pg_temp.session(1)), 'a 2026-11-27 12:00:01 145000000 12500, b 2026-11-27 12:00:02 145000000');
SELECT pg_temp.expect('bad values', (SELECT string_agg(concat_ws(': ', m.iq_data_location, m.bad_value), '; ' ORDER BY m.iq_data_location) FROM heimdall.iq_measurements m),
    'a; b: frequency_hz is ''NaN'', iq_sample_rate is ''12.5 kHz'', iq_samples_count is ''NaN''; c: created_at is ''yesterday noon''');
UPDATE heimdall.recording_sessions SET status = 'completed';
SELECT pg_temp.expect('noted in UTC', (SELECT array_agg(t AT TIME ZONE 'UTC') FROM heimdall.change_notes n, unnest(n.times) t WHERE n.kind = 'measurement'),
    ARRAY['2026-11-27 12:00:01', '2026-11-27 12:00:02', NULL, '2026-11-27 12:00:03']::timestamp[]);
SELECT pg_temp.expand();
SELECT pg_temp.expect('queued', (SELECT array_agg(measured_at AT TIME ZONE 'UTC' ORDER BY measured_at) FROM heimdall.feature_queue), ARRAY['2026-11-27 12:00:01', '2026-11-27 12:00:02']::timestamp[]);
SELECT pg_temp.expect('no note failed', (SELECT count(*) FROM heimdall.change_notes), 0::bigint);
SELECT pg_temp.expect('counted', (SELECT (total_recordings, total_measurements, measurements_pending)::text FROM heimdall.feature_coverage), '(3,2,2)');
SELECT pg_temp.expect('the sweep', (SELECT measurements_queued FROM heimdall.enqueue_missing(250, true)), 0::bigint);
-- A window moves.
UPDATE heimdall.recording_sessions SET created_at = '2026-11-27 12:00:02', frequency_hz = '145000001' WHERE id = pg_temp.session(1);
SELECT pg_temp.expand();
SELECT pg_temp.expect('the first one has left', (SELECT count(*) FROM heimdall.feature_queue), 1::bigint);
SELECT pg_temp.expect('indexes', (SELECT string_agg(concat_ws(' ', m.relation, m.key), ', ' ORDER BY m.key) FROM heimdall.missing_indexes() m),
    'heimdall.recording_sessions ((created_at AT TIME ZONE ''UTC'')), heimdall.recording_sessions (CASE WHEN abs(duration_seconds) < 1e300 THEN round(duration_seconds, 60)::double precision END), heimdall.measurements (CASE WHEN id::text ~ ''^([0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}|[{][0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}[}])$'' THEN id::text::uuid END)');
SELECT pg_temp.expect('a time as text', (SELECT string_agg(concat_ws(' | ', o.level, o.subject, o.finding, o.hint), '') FROM heimdall.find_obstacles() o),
    'warning | heimdall.measurements | created_at is a text: its session is looked for in all of the table | ALTER TABLE heimdall.measurements ALTER COLUMN created_at TYPE timestamptz USING heimdall.as_time(created_at::text);  as sql/README.md says under Limits');
-- The same time for everybody, and none that moves.
SET LOCAL datestyle = 'German, DMY';
SELECT pg_temp.expect('months first', heimdall.as_time('01/02/2026 12:00') AT TIME ZONE 'UTC', '2026-01-02 12:00'::timestamp);
SELECT pg_temp.expect('no time', (SELECT array_agg(heimdall.as_time(t)) FROM unnest(ARRAY['now', 'Yesterday', 'today 12:00', 'tomorrow', '']) t), ARRAY[NULL, NULL, NULL, NULL, NULL]::timestamptz[]);
SET LOCAL extra_float_digits = -5;
SELECT pg_temp.expect('the fingerprint of a rate', heimdall.source_fingerprint('a', 'b', 'c', 1e6::float8 / 3) = heimdall.source_fingerprint('a', 'b', 'c', 333333), false);
CREATE TEMP TABLE print AS SELECT heimdall.source_fingerprint('a', 'b', 'c', 1e6::float8 / 3) AS of_them;
RESET extra_float_digits;
SELECT pg_temp.expect('the same for everybody', (SELECT of_them FROM print), heimdall.source_fingerprint('a', 'b', 'c', 1e6::float8 / 3));
ROLLBACK;
