-- Rows of that application: seven stations, a known source, three sessions of two seconds that are completed, one that
-- records, one that failed, and synthetic samples of two data sets.
INSERT INTO heimdall.websdr_stations (id, name, url, country, latitude, longitude)
SELECT md5('station' || k)::uuid, 'Station ' || k, 'http://sdr' || k || '.example', 'Italy', 44 + k / 10.0, 7 + k / 10.0
FROM generate_series(1, 7) k;
INSERT INTO heimdall.known_sources (id, name, frequency_hz, latitude, longitude, power_dbm)
VALUES (md5('source')::uuid, 'Beacon', 145000000, 45.1, 7.7, 40);
INSERT INTO heimdall.recording_sessions (id, known_source_id, session_name, session_start, session_end, duration_seconds, status, created_at)
SELECT md5('old' || i)::uuid, md5('source')::uuid, 'Old ' || i, t.at, t.at + interval '2 seconds', 2,
       CASE WHEN i = 4 THEN 'failed' ELSE 'completed' END, t.at - interval '1 minute'
FROM generate_series(1, 4) i, LATERAL (SELECT timestamptz '2026-10-01 00:00Z' + i * interval '8 days' AS at) t;
INSERT INTO heimdall.recording_sessions (id, known_source_id, session_name, session_start, duration_seconds, status, created_at)
VALUES (md5('live')::uuid, md5('source')::uuid, 'Live', '2026-11-27 12:00Z', 60, 'recording', '2026-11-27 11:59Z');
-- Chunks are named from 0 on, one a station and second.
INSERT INTO heimdall.measurements (id, timestamp, websdr_station_id, recording_session_id, frequency_hz, signal_strength_db,
                                   iq_data_location, iq_data_format, iq_sample_rate)
SELECT md5(s.id || '/' || k || '/' || n)::uuid, s.session_start + n * interval '1 second', md5('station' || k)::uuid, s.id, 145000000,
       -60 - k, format('s3://heimdall-raw-iq/sessions/%s/chunk_%s_websdr_%s.npy', s.id, lpad(n::text, 3, '0'), k), 'npy', 12500
FROM heimdall.recording_sessions s, generate_series(1, 7) k, generate_series(0, 1) n
WHERE s.session_name LIKE 'Old%';
INSERT INTO heimdall.measurement_features (recording_session_id, timestamp, receiver_features, extraction_metadata, overall_confidence,
                                           mean_snr_db, num_receivers_detected, tx_latitude, tx_longitude, tx_altitude_m, tx_power_dbm,
                                           tx_known, gdop, dataset_id)
SELECT md5('synthetic' || i)::uuid, '2026-10-01 00:00Z', ARRAY[jsonb_build_object('rx_id', 'Station 1', 'signal_present', true,
           'snr_db', jsonb_build_object('mean', 10 + i))], '{"extraction_method": "synthetic"}', 0.8, 10 + i, 1 + i % 7, 45, 7.5, 300, 33,
       true, 4.2, md5('dataset' || i % 2)::uuid
FROM generate_series(1, 20) i;
