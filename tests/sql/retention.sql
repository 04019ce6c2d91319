-- Where the table of results is partitioned by time, retention drops whole partitions, and the kept counts follow.
\ir prepare.sql
CREATE TABLE heimdall.partitioned (LIKE heimdall.measurement_features INCLUDING ALL) PARTITION BY RANGE (timestamp);
SET client_min_messages = warning;
DROP TABLE heimdall.measurement_features CASCADE;
ALTER TABLE heimdall.partitioned RENAME TO measurement_features;
\o /dev/null
-- A setting of that name is not executed.
SET heimdall.lost_rights = '["SELECT 1 / 0"]';
\ir ../../sql/install.sql
RESET heimdall.lost_rights;
\o
BEGIN;
SELECT format('CREATE TABLE heimdall.features_%s PARTITION OF heimdall.measurement_features FOR VALUES FROM (%L) TO (%L)', d, timestamptz '2020-01-01 00:30Z' + d * interval '1 hour',
              timestamptz '2020-01-01 00:30Z' + (d + 1) * interval '1 hour') FROM generate_series(0, 5) d \gexec
CREATE TABLE heimdall.features_rest PARTITION OF heimdall.measurement_features DEFAULT;
CREATE TABLE heimdall.features_last PARTITION OF heimdall.measurement_features FOR VALUES FROM ('2030-01-01') TO (MAXVALUE);
CREATE FUNCTION pg_temp.partitions() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM pg_inherits WHERE inhparent = 'heimdall.measurement_features'::regclass $$;
DO $$
DECLARE
    more boolean;
BEGIN
    -- A session an hour, each in a partition of its own but for the last ones, which are in the default partition.
    PERFORM pg_temp.record(8);
    UPDATE heimdall.recording_sessions SET status = 'completed';
    PERFORM pg_temp.expand();
    INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, overall_confidence, mean_snr_db, num_receivers_detected)
    SELECT measured_at, measurement_id, recording_session_id, ARRAY['{}'::jsonb], 0.5, 20, 1 FROM heimdall.feature_queue;
    DELETE FROM heimdall.feature_queue;
    LOOP
        SELECT k.more INTO more FROM heimdall.keep_coverage() k;
        EXIT WHEN NOT more;
    END LOOP;
    PERFORM pg_temp.expect('prepared', (SELECT (measurements_with_features, recordings_with_features)::text FROM heimdall.measure_coverage()), '(56,8)');
    DELETE FROM heimdall.coverage_changes;

    PERFORM pg_temp.expect('one partition at a time', (SELECT p::text FROM heimdall.purge_features(older_than => '2020-01-01 04:00:00.035Z', max_rows => 5) p), '(7,t)');
    PERFORM pg_temp.expect('it has gone', (to_regclass('heimdall.features_0'), pg_temp.partitions())::text, '(,7)');
    PERFORM pg_temp.expect('the counts follow', (SELECT (measurements_with_features, recordings_with_features)::text FROM heimdall.measure_coverage()), '(49,7)');
    -- Two more whole partitions, and three rows of the one that the limit divides.
    PERFORM pg_temp.expect('the others', (SELECT p::text FROM heimdall.purge_features(older_than => '2020-01-01 04:00:00.035Z') p), '(17,f)');
    PERFORM pg_temp.expect('their partitions', (pg_temp.partitions(), (SELECT count(*) FROM heimdall.measurement_features), (SELECT min(timestamp) FROM heimdall.measurement_features))::text,
        format('(5,32,"%s")', timestamptz '2020-01-01 04:00:00.04Z'));
    PERFORM pg_temp.expect('nothing more', (SELECT p::text FROM heimdall.purge_features(older_than => '2020-01-01 04:00:00.035Z') p), '(0,f)');
    -- The default partition and one without an end stay.
    PERFORM pg_temp.expect('all', (SELECT p::text FROM heimdall.purge_features(older_than => 'infinity') p), '(32,f)');
    PERFORM pg_temp.expect('what stays', (SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'heimdall.measurement_features'::regclass), 'heimdall.features_last heimdall.features_rest');
    PERFORM pg_temp.expect('the counts agree', (SELECT sum(abs(difference)) FROM heimdall.recount_coverage()), 0::numeric);
END $$;
ROLLBACK;
