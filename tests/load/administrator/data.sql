-- After ../application/data.sql and the installation: a history of completed sessions, of which one in fifty has a failed
-- measurement, and the last hundredth has nothing yet.
SET session_replication_role = replica;  -- no triggers
SET synchronous_commit = off;
UPDATE heimdall.recording_sessions SET status = 'completed';
INSERT INTO heimdall.websdr_stations (id, name, latitude, longitude)
SELECT md5('station' || k)::uuid, 'Station ' || k, 44 + k, 7 + k FROM generate_series(1, 7) k;
UPDATE heimdall.measurements SET websdr_station_id = md5('station' || split_part(split_part(iq_data_location, '/', 2), '.', 1))::uuid;
INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, extraction_metadata,
    overall_confidence, mean_snr_db, num_receivers_detected, extraction_failed, error_kind, error_message, rx_id)
SELECT timestamptz '2025-01-01 00:00Z' + i * interval '5 minutes' + k * interval '10 ms', md5(i || '/' || k)::uuid, md5('session' || i)::uuid,
       CASE WHEN f.failed THEN '{}' ELSE ARRAY[jsonb_build_object('rx_id', 'Station ' || k, 'segment_index', 0, 'signal_present', true)] END,
       '{"extractor_version": "0.2.0"}', 0.9, CASE WHEN NOT f.failed THEN 20 END, 1, f.failed,
       CASE WHEN f.failed THEN 'not_found' END, CASE WHEN f.failed THEN 'IQ file not found: x' END, 'Station ' || k
FROM generate_series(1, :measurements / 7 * 99 / 100) i, generate_series(1, 7) k,
     LATERAL (SELECT i % 50 = 0 AND k = 1 AS failed) f;
UPDATE heimdall.sweep_state SET history_before = '2020-01-01';
VACUUM (ANALYZE) heimdall.measurement_features, heimdall.recording_sessions, heimdall.websdr_stations;
ANALYZE heimdall.measurements;
