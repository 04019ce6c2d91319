-- Training samples: session_features and feature_samples are aligned by time, have each receiver once, and agree.
\ir prepare.sql
BEGIN;
-- The application knows the transmitters. The migration makes the view again.
CREATE TABLE heimdall.known_sources (id uuid PRIMARY KEY, name varchar(255) NOT NULL, latitude float8, longitude float8, power_dbm real);
ALTER TABLE heimdall.recording_sessions ADD COLUMN known_source_id uuid;
INSERT INTO heimdall.known_sources VALUES (md5('source')::uuid, 'Beacon', 45.5, 8.25, 37.5), (md5('unknown')::uuid, 'Somebody', NULL, NULL, NULL);
SET LOCAL client_min_messages = warning;
\ir ../../sql/views/session_transmitters.sql

-- An object with every number of the dictionary, as the extractor writes it.
CREATE FUNCTION pg_temp.object(k integer, start_ms float8 DEFAULT 0, present boolean DEFAULT true) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('rx_id', 'Test ' || k, 'rx_lat', 44 + k, 'rx_lon', 7 + k, 'segment_index', floor(start_ms / 1000), 'segment_start_ms', start_ms, 'num_chunks', 5, 'signal_present', present)
           || (SELECT jsonb_object_agg(d.name, jsonb_build_object('mean', random(), 'std', random(), 'min', 0, 'max', 1)) FROM heimdall.feature_dictionary d WHERE d.set = 'reference')
           || jsonb_build_object('extended', '{"detection_rate": 0.8}' || (SELECT jsonb_object_agg(d.name, CASE WHEN d.name <> 'carrier_offset_hz' THEN jsonb_build_object('mean', random(), 'std', random()) END)
                                                                          FROM heimdall.feature_dictionary d WHERE d.set = 'extended' AND d.name <> 'detection_rate'),
                                 'quality', '{"clipped_fraction": 0, "warnings": ["clipping"]}'::jsonb)
$$;
-- A measurement of receiver k in session i, its beginning in seconds from the session's, and its row of results.
CREATE FUNCTION pg_temp.result(i integer, k integer, at float8, objects jsonb[], kind text DEFAULT NULL, named boolean DEFAULT true) RETURNS uuid LANGUAGE sql AS $$
    WITH m AS (
        INSERT INTO heimdall.measurements (id, websdr_station_id, frequency_hz, iq_data_location, created_at, recording_session_id)
        SELECT gen_random_uuid(), md5('station' || k)::uuid, 145000000, 'x.bin', s.created_at + at * interval '1 second', s.id
        FROM heimdall.recording_sessions s WHERE s.id = pg_temp.session(i)
        RETURNING *
    )
    INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, extraction_metadata, overall_confidence, mean_snr_db,
                                               num_receivers_detected, extraction_failed, error_kind, error_message, rx_id)
    SELECT m.created_at, m.id, m.recording_session_id, CASE WHEN kind IS NULL THEN objects ELSE '{}' END, '{"frequency_hz": 7100000}', 0.5, CASE WHEN kind IS NULL THEN 20 END,
           1, kind IS NOT NULL, kind, kind, CASE WHEN named AND kind IS NULL THEN 'Test ' || k END
    FROM m RETURNING measurement_id
$$;
-- Second and receivers of each sample of a session, and who is missing.
CREATE FUNCTION pg_temp.samples(i integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', second || ':', (SELECT string_agg(right(r ->> 'rx_id', 1), '' ORDER BY n) FROM unnest(receiver_features) WITH ORDINALITY AS u (r, n)),
                                'without ' || nullif(array_to_string(ARRAY(SELECT right(x, 1) FROM unnest(receivers_missing) x), ''), '')), ', ' ORDER BY second)
    FROM heimdall.session_features WHERE recording_session_id = pg_temp.session(i)
$$;
DO $$
DECLARE
    got record; wanted record; one uuid; n integer;
BEGIN
    PERFORM pg_temp.record(9);
    DELETE FROM heimdall.measurements;
    -- One row for each receiver and second, as some applications write them. The receivers begin up to 0.4 s
    -- before or after one another. Receiver 3 fails once, receiver 4 has nothing in the first second, receiver 5 no object.
    FOR second IN 0..2 LOOP
        PERFORM pg_temp.result(1, 1, second - 0.2, ARRAY[pg_temp.object(1)]), pg_temp.result(1, 2, second + 0.2, ARRAY[pg_temp.object(2)]),
                pg_temp.result(1, 3, second, ARRAY[pg_temp.object(3)], CASE second WHEN 1 THEN 'too_short' END);
        IF second > 0 THEN
            PERFORM pg_temp.result(1, 4, second + 0.1, ARRAY[pg_temp.object(4, 0, false)]);
        END IF;
    END LOOP;
    INSERT INTO heimdall.measurements (id, websdr_station_id, created_at, recording_session_id) VALUES (gen_random_uuid(), md5('station5')::uuid, '2020-01-01 01:00Z', pg_temp.session(1));
    PERFORM pg_temp.expect('by second', pg_temp.samples(1), '0: 123 without 45, 1: 124 without 35, 2: 1234 without 5');
    PERFORM pg_temp.expect('its numbers', (SELECT (num_receivers, num_receivers_detected, cardinality(receiver_features), frequency_hz)::text FROM heimdall.session_features WHERE second = 2), '(4,3,4,145000000)');
    PERFORM pg_temp.expect('the seconds follow one another', (SELECT array_agg(timestamp - lag ORDER BY timestamp) FROM (SELECT timestamp, lag(timestamp) OVER (ORDER BY timestamp) FROM heimdall.session_features) d),
        ARRAY[NULL, '1 s', '1 s']::interval[]);

    -- Long recordings, of which one begins 0.4 s later and one later still; the second one of receiver 3 replaces the rest of its first one.
    PERFORM pg_temp.result(2, 1, 0, ARRAY[pg_temp.object(1), pg_temp.object(1, 1000), pg_temp.object(1, 2000)]);
    PERFORM pg_temp.result(2, 2, 0.4, ARRAY[pg_temp.object(2), pg_temp.object(2, 1000)]);
    PERFORM pg_temp.result(2, 3, 0, ARRAY[pg_temp.object(3), pg_temp.object(3, 1000), pg_temp.object(3, 2000)]);
    one := pg_temp.result(2, 3, 1, ARRAY[pg_temp.object(3), pg_temp.object(3, 1000)]);
    PERFORM pg_temp.result(2, 4, 1.1, ARRAY[pg_temp.object(4)]);
    PERFORM pg_temp.expect('segments', pg_temp.samples(2), '0: 123 without 4, 1: 1234, 2: 13 without 24');
    PERFORM pg_temp.expect('the later recording of a receiver counts', (SELECT array_agg(second ORDER BY second) FROM heimdall.feature_samples WHERE measurement_id = one), ARRAY[1, 2]);
    -- The same recording twice; samples lost within a recording; a recording across midnight.
    PERFORM pg_temp.result(3, 1, 0, ARRAY[pg_temp.object(1)]), pg_temp.result(3, 1, 0, ARRAY[pg_temp.object(1)]);
    PERFORM pg_temp.result(3, 2, 0, ARRAY[pg_temp.object(2), pg_temp.object(2, 3400)]);
    PERFORM pg_temp.expect('once', pg_temp.samples(3), '0: 12, 3: 2 without 1');
    PERFORM pg_temp.result(4, 1, 71999.9, ARRAY[pg_temp.object(1), pg_temp.object(1, 1000)]), pg_temp.result(4, 2, 72000.1, ARRAY[pg_temp.object(2), pg_temp.object(2, 1000)]);
    PERFORM pg_temp.expect('midnight', pg_temp.samples(4), '0: 12, 1: 12');

    -- A time that is wrong by millennia disturbs no other row.
    PERFORM pg_temp.result(6, 1, 0, ARRAY[pg_temp.object(1)]), pg_temp.result(6, 2, -63000000000, ARRAY[pg_temp.object(2)]);
    PERFORM pg_temp.expect('the year 23', pg_temp.samples(6), '0: 2 without 1, 2147483647: 1 without 2');

    -- Rows from before version 0.2.0 of the extractor: statistics of signal_present, and no rx_id beside the objects.
    PERFORM pg_temp.result(5, k, 0, ARRAY[jsonb_set(pg_temp.object(k), '{signal_present}', jsonb_build_object('mean', k * 0.4, 'std', 0))], NULL, false) FROM generate_series(1, 2) k;
    PERFORM pg_temp.expect('an old row', (SELECT (array_agg(r -> 'signal_present' ORDER BY r ->> 'rx_id'))::text FROM heimdall.session_features, unnest(receiver_features) r WHERE recording_session_id = pg_temp.session(5)), '{false,true}');
    PERFORM pg_temp.expect('the same flat', (SELECT string_agg(rx_id || ' ' || signal_present, ', ' ORDER BY rx_id) FROM heimdall.feature_samples WHERE recording_session_id = pg_temp.session(5)), 'Test 1 false, Test 2 true');
    PERFORM pg_temp.expect('and counted', (SELECT num_receivers_detected FROM heimdall.session_features WHERE recording_session_id = pg_temp.session(5)), 1);

    -- The transmitter, and a session without a frequency.
    UPDATE heimdall.recording_sessions SET known_source_id = md5('source')::uuid, frequency_hz = NULL WHERE id = pg_temp.session(1);
    UPDATE heimdall.recording_sessions SET known_source_id = md5('unknown')::uuid WHERE id = pg_temp.session(2);
    FOR got IN SELECT recording_session_id, frequency_hz, tx_known, tx_latitude, tx_longitude, tx_altitude_m, tx_power_dbm FROM heimdall.session_features
               UNION SELECT recording_session_id, frequency_hz, tx_known, tx_latitude, tx_longitude, tx_altitude_m, tx_power_dbm FROM heimdall.feature_samples LOOP
        PERFORM pg_temp.expect('transmitter', (got.frequency_hz, got.tx_known, got.tx_latitude, got.tx_longitude, got.tx_altitude_m, got.tx_power_dbm)::text,
            CASE got.recording_session_id WHEN pg_temp.session(1) THEN '(7100000,t,45.5,8.25,,37.5)' ELSE '(145000000,f,,,,)' END);
    END LOOP;

    -- feature_samples has the objects of session_features, number by number.
    n := 0;
    FOR got IN SELECT f.second, f.timestamp, f.recording_session_id, r, to_jsonb(s) AS sample FROM heimdall.session_features f CROSS JOIN unnest(f.receiver_features) AS u (r)
               LEFT JOIN heimdall.feature_samples s ON s.recording_session_id = f.recording_session_id AND s.second = f.second AND s.timestamp = f.timestamp AND s.rx_id = r ->> 'rx_id' LOOP
        FOR wanted IN SELECT d.name, d.set FROM heimdall.feature_dictionary d WHERE d.set IN ('reference', 'extended') AND d.name <> 'detection_rate' LOOP
            n := n + 1;
            PERFORM pg_temp.expect(wanted.name, (got.sample -> (wanted.name || '_mean'), got.sample -> (wanted.name || '_std'))::text,
                CASE wanted.set WHEN 'reference' THEN (got.r -> wanted.name -> 'mean', got.r -> wanted.name -> 'std')
                     ELSE (coalesce(got.r -> 'extended' -> wanted.name -> 'mean', 'null'), coalesce(got.r -> 'extended' -> wanted.name -> 'std', 'null')) END::text);
        END LOOP;
        PERFORM pg_temp.expect('the others', (got.sample -> 'rx_lat', got.sample -> 'rx_lon', got.sample -> 'signal_present', got.sample -> 'detection_rate', got.sample -> 'num_chunks', got.sample -> 'warnings')::text,
            (got.r -> 'rx_lat', got.r -> 'rx_lon', got.r -> 'signal_present', got.r #> '{extended,detection_rate}', got.r -> 'num_chunks', got.r #> '{quality,warnings}')::text);
    END LOOP;
    PERFORM pg_temp.expect('compared', n, 27 * (SELECT sum(num_receivers)::integer FROM heimdall.session_features));
    PERFORM pg_temp.expect('as many rows', (SELECT count(*) FROM heimdall.feature_samples), (SELECT sum(num_receivers) FROM heimdall.session_features));

    -- What the trainer of the synthetic rows does with a row, without a special case: numbers, and a boolean as a number.
    PERFORM pg_temp.expect('the trainer''s numbers', (SELECT count(*) FROM heimdall.session_features, unnest(receiver_features) r,
            LATERAL (VALUES ((r -> 'snr_db' ->> 'mean')::float8), ((r -> 'psd_dbm_per_hz' ->> 'mean')::float8), ((r -> 'frequency_offset_hz' ->> 'mean')::float8), ((r ->> 'rx_lat')::float8),
                            ((r ->> 'rx_lon')::float8), ((r ->> 'signal_present')::boolean::integer::float8)) AS v (x) WHERE x IS NOT NULL), 6 * (SELECT count(*) FROM heimdall.feature_samples));

    -- A deleted session has no samples.
    DELETE FROM heimdall.recording_sessions WHERE id = pg_temp.session(1);
    PERFORM pg_temp.expect('deleted', (SELECT count(*) FROM heimdall.session_features WHERE recording_session_id = pg_temp.session(1)), 0::bigint);
END $$;
-- The planner compiles nothing for one session.
CREATE FUNCTION pg_temp.executed_plan(query text) RETURNS json LANGUAGE plpgsql AS $$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan; RETURN plan; END $$;
SELECT pg_temp.expect('no JIT', (pg_temp.executed_plan(format('SELECT * FROM heimdall.%I WHERE recording_session_id = %L', v, pg_temp.session(2))) -> 0 -> 'JIT')::text, NULL)
FROM unnest(ARRAY['session_features', 'feature_samples']) v;
ROLLBACK;
