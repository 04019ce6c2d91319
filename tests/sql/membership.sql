-- Compares session_measurements with a slow version of the rule that joins every measurement with every session.
\ir prepare.sql
BEGIN;
SELECT setseed(0.25);
CREATE TEMP TABLE naming AS SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'heimdall.measurements'::regclass AND attname = 'recording_session_id') AS possible;

DO $$
DECLARE
    t0 CONSTANT timestamptz := '2020-01-01 00:00Z';
    differences bigint;
BEGIN
    -- 60 sessions in 300 s, so that windows overlap; whole seconds, so that ends and starts coincide; all invalid
    -- durations.
    INSERT INTO heimdall.recording_sessions (id, user_id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at)
    SELECT md5('s' || i)::uuid, gen_random_uuid(), CASE WHEN i % 5 = 0 THEN 'recording' ELSE 'completed' END, 145000000 + (i % 4) * 12500, 12500,
           CASE i % 20 WHEN 0 THEN 'NaN' WHEN 1 THEN -1 WHEN 2 THEN 604801 WHEN 3 THEN 'Infinity' WHEN 4 THEN 0
                       ELSE floor(random() * 20) END,
           t0 + floor(random() * 300) * interval '1 second'
    FROM generate_series(1, 60) i;
    PERFORM pg_temp.expand();
    INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
    SELECT md5('m' || i)::uuid, 145000000 + (i % 6) * 12500, CASE WHEN i % 10 > 0 THEN 'x' END,
           CASE WHEN i % 11 > 0 THEN t0 + floor(random() * 340 - 20) * interval '1 second' END
    FROM generate_series(1, 2000) i;
    PERFORM pg_temp.expand();
    IF (SELECT possible FROM naming) THEN
        -- Some measurements name a session, some a session that does not exist.
        EXECUTE $q$UPDATE heimdall.measurements SET recording_session_id = md5('s' || floor(random() * 70))::uuid
                   WHERE random() < 0.2$q$;
    END IF;
    CREATE TEMP TABLE named (id uuid, session_id uuid);
    IF (SELECT possible FROM naming) THEN
        EXECUTE 'INSERT INTO named SELECT id, recording_session_id FROM heimdall.measurements WHERE recording_session_id IS NOT NULL';
    END IF;

    CREATE TEMP TABLE slow AS
    SELECT m.id AS measurement_id, r.id AS session_id
    FROM heimdall.measurements m
    CROSS JOIN LATERAL (
        SELECT s.id
        FROM heimdall.recording_sessions s LEFT JOIN named n ON n.id = m.id
        WHERE CASE WHEN n.id IS NOT NULL THEN s.id = n.session_id
                   ELSE s.duration_seconds >= 0 AND s.duration_seconds <= 7 * 86400 AND s.duration_seconds <> 'NaN'
                        AND m.created_at >= s.created_at AND m.created_at <= s.created_at + s.duration_seconds * interval '1 second' END
        ORDER BY abs(s.frequency_hz - m.frequency_hz), s.created_at DESC, s.id DESC
        LIMIT 1
    ) r
    WHERE m.iq_data_location IS NOT NULL;
    PERFORM pg_temp.expect('the slow rule finds enough to compare', (SELECT count(*) > 800 FROM slow), true);

    SELECT count(*) INTO differences
    FROM slow FULL JOIN heimdall.session_measurements v ON v.measurement_id = slow.measurement_id AND v.recording_session_id = slow.session_id
    WHERE v.measurement_id IS NULL OR slow.measurement_id IS NULL;
    PERFORM pg_temp.expect('rows that differ from the slow rule', differences, 0::bigint);

    -- The same by measurement and by session.
    SELECT count(*) INTO differences FROM slow
    WHERE session_id IS DISTINCT FROM (SELECT v.recording_session_id FROM heimdall.session_measurements v WHERE v.measurement_id = slow.measurement_id);
    PERFORM pg_temp.expect('differences by measurement', differences, 0::bigint);
    SELECT count(*) INTO differences FROM heimdall.recording_sessions s
    WHERE (SELECT count(*) FROM slow WHERE slow.session_id = s.id) <> (SELECT count(*) FROM heimdall.session_measurements v WHERE v.recording_session_id = s.id);
    PERFORM pg_temp.expect('differences by session', differences, 0::bigint);
END $$;

-- Both ends of the window count, and the rows carry the station's name and position.
SELECT pg_temp.record(1);
UPDATE heimdall.recording_sessions SET created_at = '2021-01-01 00:00Z', duration_seconds = 0.5 WHERE id = pg_temp.session(1);
UPDATE heimdall.measurements SET created_at = timestamptz '2021-01-01 00:00Z' + (k - 2) * interval '0.25 s'
FROM generate_series(1, 7) k WHERE id = pg_temp.measurement(1, k);
SELECT pg_temp.expect('window with both ends', array_agg(rx_id || ' ' || rx_lat ORDER BY measured_at), ARRAY['Test 2 46', 'Test 3 47', 'Test 4 48'])
FROM heimdall.session_measurements WHERE recording_session_id = pg_temp.session(1);
ROLLBACK;
