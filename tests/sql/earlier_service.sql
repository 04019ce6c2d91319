-- Rows of an earlier extraction service: one error row per try, with the time of the try as timestamp.
\ir prepare.sql
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT pg_temp.record(2);
UPDATE heimdall.recording_sessions SET status = 'completed';
SET LOCAL session_replication_role = origin;
DO $$
DECLARE
    worker uuid; held record; c record;
BEGIN
    ALTER TABLE heimdall.measurement_features DROP CONSTRAINT measurement_features_failed_says_why;
    INSERT INTO heimdall.measurement_features (timestamp, measurement_id, receiver_features, overall_confidence, mean_snr_db, num_receivers_detected, extraction_failed, error_message)
    SELECT now() + i * interval '1 s', pg_temp.measurement(1, k), '{}', 0, 0, 0, true, 'x' FROM generate_series(1, 3) i, generate_series(1, 2) k;
    INSERT INTO heimdall.measurement_features (timestamp, measurement_id, receiver_features, overall_confidence, mean_snr_db, num_receivers_detected)
    SELECT m.created_at, m.id, ARRAY['{}'::jsonb], 0.9, 0, 1 FROM heimdall.measurements m WHERE m.id IN (pg_temp.measurement(1, 2), pg_temp.measurement(1, 3));

    SELECT * INTO c FROM heimdall.feature_coverage;
    PERFORM pg_temp.expect('once each', (c.total_measurements, c.measurements_with_features, c.measurements_failed)::text, '(14,2,1)');
    SELECT * INTO c FROM heimdall.session_coverage WHERE recording_session_id = pg_temp.session(1);
    PERFORM pg_temp.expect('once each, by session', (c.total_measurements, c.measurements_with_features, c.measurements_failed)::text, '(7,2,1)');
    PERFORM pg_temp.expect('retried: what has no features', (SELECT r::text FROM heimdall.retry_failed() r), '(1,1)');
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    PERFORM pg_temp.expect('one row is left', (SELECT array_agg(timestamp) FROM heimdall.measurement_features WHERE measurement_id = pg_temp.measurement(1, 1)), ARRAY[timestamptz '2020-01-01 01:00:00.01Z']);
END $$;
ROLLBACK;
