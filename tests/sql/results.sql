-- Leases, fencing, and which row of measurement_features may replace which.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(2);
SELECT pg_temp.complete(1);
DO $$
DECLARE
    w1 uuid; w2 uuid; held record; again record; row heimdall.measurement_features; settled record; n bigint;
    m CONSTANT uuid := pg_temp.measurement(1, 1);
BEGIN
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO w1;
    EXECUTE $q$EXECUTE register_worker('test', 2, '0', 4, 30000, 11)$q$ INTO w2;
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w1) INTO held;
    PERFORM pg_temp.expect('first in order', held.measurement_id, m);
    PERFORM pg_temp.expect('coordinates of the station', held.rx_lat, 45::float8);
    PERFORM pg_temp.expect('first attempt', held.attempt, 1);

    -- An error row has the time of its measurement.
    PERFORM pg_temp.expect_rows('failure stored', pg_temp.bad(m, held.claim_id), 1);
    SELECT * INTO row FROM heimdall.measurement_features WHERE measurement_id = m;
    PERFORM pg_temp.expect('timestamp of an error row', row.timestamp, timestamptz '2020-01-01 01:00:00.01Z');
    PERFORM pg_temp.expect('error row', (row.extraction_failed, row.error_kind, row.error_message, cardinality(row.receiver_features))::text, '(t,invalid_format,message,0)');
    PERFORM pg_temp.expect_rows('stored only once', pg_temp.good(m, held.claim_id), 0);

    -- A later success replaces it: one row.
    PERFORM heimdall.retry_failed();
    EXECUTE format('EXECUTE claim(%L, 10, NULL)', w1);  -- the six others, then this one
    SELECT * INTO held FROM heimdall.feature_queue WHERE measurement_id = m;
    PERFORM pg_temp.expect_rows('success stored', pg_temp.good(m, held.claim_id), 1);
    SELECT count(*) INTO n FROM heimdall.measurement_features WHERE measurement_id = m;
    PERFORM pg_temp.expect('rows of the measurement', n, 1::bigint);
    SELECT * INTO row FROM heimdall.measurement_features WHERE measurement_id = m;
    PERFORM pg_temp.expect('good row', (row.extraction_failed, row.error_kind, row.mean_snr_db)::text, '(f,,20)');
    PERFORM pg_temp.expect('created_at stays, updated_at moves', row.updated_at > row.created_at, true);

    -- A failure never replaces features, and adds no row next to them under another time.
    UPDATE heimdall.measurements SET iq_data_location = 'other', created_at = created_at + interval '1 ms' WHERE id = m;
    PERFORM pg_temp.expand();
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w1) INTO held;
    PERFORM pg_temp.expect('claimed again', held.measurement_id, m);
    PERFORM pg_temp.expect_rows('failed re-extraction', pg_temp.bad(m, held.claim_id), 1);
    SELECT count(*), max(f.timestamp) INTO n, row.timestamp FROM heimdall.measurement_features f WHERE measurement_id = m AND NOT extraction_failed;
    PERFORM pg_temp.expect('features are still there', (n, row.timestamp)::text, (1, timestamptz '2020-01-01 01:00:00.01Z')::text);
    SELECT count(*) INTO n FROM heimdall.measurement_features WHERE measurement_id = m;
    PERFORM pg_temp.expect('and no other row', n, 1::bigint);
    -- A success under the new time removes the row of the old one.
    UPDATE heimdall.measurements SET iq_data_location = 'third' WHERE id = m;
    PERFORM pg_temp.expand();
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w1) INTO held;
    PERFORM pg_temp.expect_rows('re-extracted', pg_temp.good(m, held.claim_id), 1);
    SELECT count(*), max(f.timestamp) INTO n, row.timestamp FROM heimdall.measurement_features f WHERE measurement_id = m;
    PERFORM pg_temp.expect('one row, under the new time', (n, row.timestamp)::text, (1, timestamptz '2020-01-01 01:00:00.011Z')::text);

    -- Released: as if never claimed. Retried: the attempt counts, and the row waits.
    SELECT * INTO held FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(1, 2);
    EXECUTE format('EXECUTE release(%L, %L)', ARRAY[held.measurement_id], ARRAY[held.claim_id]) INTO n;
    PERFORM pg_temp.expect('released', n, 1::bigint);
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w2) INTO again;
    PERFORM pg_temp.expect('same row, same attempt', (again.measurement_id, again.attempt)::text, (held.measurement_id, 1)::text);
    PERFORM pg_temp.expect_rows('the former owner is refused', pg_temp.good(held.measurement_id, held.claim_id), 0);
    PERFORM pg_temp.expect_rows('retried later', format('EXECUTE retry_later(%L, %s, 50)', again.measurement_id, again.claim_id), 1);
    PERFORM pg_temp.expect_rows('not before its time', format('EXECUTE claim(%L, 1, NULL)', w2), 0);
    EXECUTE 'EXECUTE promote_due' INTO again;
    PERFORM pg_temp.expect('nothing due yet, and when', again.promoted = 0 AND again.next_due_ms BETWEEN 1 AND 50, true);
    PERFORM pg_sleep(0.06);
    EXECUTE 'EXECUTE promote_due' INTO again;
    PERFORM pg_temp.expect('due now', (again.promoted, again.next_due_ms)::text, '(1,)');
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w2) INTO again;
    PERFORM pg_temp.expect('second attempt', again.attempt, 2);

    -- Snoozed: the row waits too, but the attempt does not count.
    PERFORM pg_temp.expect_rows('snoozed', format('EXECUTE snooze(%L, %s, 50)', again.measurement_id, again.claim_id), 1);
    PERFORM pg_temp.expect_rows('not before its time', format('EXECUTE claim(%L, 1, NULL)', w2), 0);
    PERFORM pg_temp.expect_rows('only once', format('EXECUTE snooze(%L, %s, 50)', again.measurement_id, again.claim_id), 0);
    PERFORM pg_sleep(0.06);
    EXECUTE 'EXECUTE promote_due';
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w2) INTO again;
    PERFORM pg_temp.expect('still the second attempt', again.attempt, 2);

    -- A missing object: an error row immediately, then a recheck, which does not keep the session open.
    PERFORM pg_temp.expect_rows('missing', pg_temp.bad(again.measurement_id, again.claim_id, 'not_found', 60000), 1);
    FOR held IN SELECT * FROM heimdall.feature_queue WHERE state = 'claimed' AND measurement_id <> pg_temp.measurement(1, 7) LOOP
        PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    END LOOP;
    PERFORM pg_temp.expect_rows('one is still outstanding', format('EXECUTE settle_sessions(%L)', ARRAY[pg_temp.session(1)]), 0);
    SELECT * INTO held FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(1, 7);
    PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    EXECUTE format('EXECUTE settle_sessions(%L)', ARRAY[pg_temp.session(1)]) INTO settled;
    PERFORM pg_temp.expect('settled', (settled.succeeded, settled.failed)::text, '(6,1)');
    PERFORM pg_temp.expect('the recheck is waiting', (SELECT state || ' ' || recheck FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(1, 2)), 'waiting true');
    DELETE FROM heimdall.feature_queue;

    -- A measurement that no longer exists, claimed before the note of that is expanded.
    PERFORM pg_temp.complete(2);
    DELETE FROM heimdall.measurements WHERE id = pg_temp.measurement(2, 1);
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w1) INTO held;
    PERFORM pg_temp.expect('claimed without a location', held.iq_data_location, NULL::text);
    PERFORM pg_temp.expect_rows('discarded', format('EXECUTE discard(%L, %s)', held.measurement_id, held.claim_id), 1);
    PERFORM pg_temp.expect('dropped', (SELECT count(*) FROM heimdall.feature_queue), 6::bigint);
    PERFORM pg_temp.expand();

    -- The rows of a lost worker are released, its claims are refused; the fifth crash gives the recording an error row.
    EXECUTE format('EXECUTE claim(%L, 2, NULL)', w1);
    UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '31 s' WHERE worker_id = w1;
    UPDATE heimdall.feature_queue SET crashes = 4 WHERE measurement_id = pg_temp.measurement(2, 2);
    PERFORM pg_temp.expect_rows('two released', 'EXECUTE release_expired', 2);
    PERFORM pg_temp.expect_rows('nothing left to release', 'EXECUTE release_expired', 0);
    PERFORM pg_temp.expect_rows('no heartbeat after the lease', format('EXECUTE heartbeat(%L, 0)', w1), 0);
    PERFORM pg_temp.expect_rows('no claim after the lease', format('EXECUTE claim(%L, 1, NULL)', w1), 0);
    PERFORM pg_temp.expect('released', (SELECT state || ' ' || crashes || ' ' || attempt FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(2, 3)), 'ready 1 1');
    PERFORM pg_temp.expect('error row of the crashing one', (SELECT error_kind || ': ' || error_message FROM heimdall.measurement_features WHERE measurement_id = pg_temp.measurement(2, 2)),
                           'crashed: Extraction crashed: 5 daemons were lost while working on this recording');

    -- Lost a second time: it waits for a random time.
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', w2);
    UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '31 s' WHERE worker_id = w2;
    PERFORM pg_temp.expect_rows('released once more', 'EXECUTE release_expired', 1);
    SELECT * INTO held FROM heimdall.feature_queue WHERE measurement_id = pg_temp.measurement(2, 3);
    PERFORM pg_temp.expect('waits for a random time', held.state = 'waiting' AND held.crashes = 2 AND held.due_at < clock_timestamp() + interval '10 s', true);
    UPDATE heimdall.feature_queue SET due_at = clock_timestamp() WHERE state = 'waiting';
    PERFORM pg_temp.expect_rows('due', 'EXECUTE promote_due', 1);
    EXECUTE $q$EXECUTE register_worker('test', 3, '0', 4, 30000, 11)$q$ INTO w2;

    -- One worker held two that were lost before: neither gets an error row, however often.
    EXECUTE format('EXECUTE claim(%L, 2, NULL)', w2);
    UPDATE heimdall.feature_queue SET crashes = CASE measurement_id WHEN pg_temp.measurement(2, 3) THEN 7 ELSE 1 END
    WHERE state = 'claimed';
    GET DIAGNOSTICS n = ROW_COUNT;
    PERFORM pg_temp.expect('two in flight', n, 2::bigint);
    UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '31 s' WHERE worker_id = w2;
    PERFORM pg_temp.expect_rows('both released', 'EXECUTE release_expired', 2);
    PERFORM pg_temp.expect('separated', (SELECT array_agg(crashes ORDER BY crashes) FROM heimdall.feature_queue
                                      WHERE state = 'waiting' AND due_at < clock_timestamp() + interval '40 s'), ARRAY[2, 8]);
    UPDATE heimdall.feature_queue SET state = 'ready', due_at = NULL, attempt = 0, crashes = CASE crashes WHEN 8 THEN 2 ELSE 0 END
    WHERE state = 'waiting';
    EXECUTE $q$EXECUTE register_worker('test', 4, '0', 4, 30000, 11)$q$ INTO w2;

    -- The answer to a claim was lost: the rows that the worker does not hold are ready again, no attempt is spent.
    EXECUTE format('EXECUTE claim(%L, 2, NULL)', w2) INTO held;
    PERFORM pg_temp.expect_rows('an orphan', format('EXECUTE release_orphans(%L, %L)', w2, ARRAY[held.claim_id]), 1);
    PERFORM pg_temp.expect_rows('only once', format('EXECUTE release_orphans(%L, %L)', w2, ARRAY[held.claim_id]), 0);
    PERFORM pg_temp.expect('the held one is kept', (SELECT array_agg(claim_id) FROM heimdall.feature_queue WHERE worker_id = w2), ARRAY[held.claim_id]);
    PERFORM pg_temp.expect_rows('another worker''s are left alone', format('EXECUTE release_orphans(%L, %L)', w1, '{}'), 0);
    PERFORM pg_temp.expect_rows('an orphan again', format('EXECUTE release_orphans(%L, %L)', w2, '{}'), 1);
    PERFORM pg_temp.expect('no attempt is spent', (SELECT max(attempt) FROM heimdall.feature_queue WHERE crashes = 0), 0);

    -- Claims above a floor return later rows only, for each priority separately.
    SELECT id INTO n FROM heimdall.pending_features ORDER BY priority, id OFFSET 1 LIMIT 1;
    EXECUTE format('EXECUTE claim(%L, 1, %L)', w2, ARRAY[n, 0, 0]) INTO again;
    PERFORM pg_temp.expect('the third', again.id, (SELECT min(q.id) FROM heimdall.feature_queue q WHERE q.id > n));
    PERFORM pg_temp.expect_rows('released', format('EXECUTE release(%L, %L)', ARRAY[again.measurement_id], ARRAY[again.claim_id]), 1);
    PERFORM pg_temp.expect_rows('nothing above', format('EXECUTE claim(%L, 9, %L)', w2, '{9223372036854775807,0,0}'), 0);

    -- Paused: nobody claims.
    PERFORM heimdall.pause_extraction('maintenance');
    PERFORM pg_temp.expect_rows('paused', format('EXECUTE claim(%L, 1, NULL)', w2), 0);
    EXECUTE format('EXECUTE heartbeat(%L, 0)', w2) INTO again;
    PERFORM pg_temp.expect('the heartbeat returns the pause', (again.paused, again.pause_reason, again.schema_version)::text, format('(t,maintenance,%s)', (SELECT max(version) FROM heimdall.schema_migrations)));
    PERFORM heimdall.resume_extraction();
    PERFORM pg_temp.expect_rows('resumed', format('EXECUTE claim(%L, 9, NULL)', w2), 5);
END $$;

-- New objects are compressed with lz4 where the server has it, but for a column with a method of its own.
SELECT 'lz4' = ANY (enumvals) AS has_lz4 FROM pg_settings WHERE name = 'default_toast_compression' \gset
\if :has_lz4
CREATE TEMPORARY VIEW compressed AS
SELECT string_agg(format('%s %s', a.attname, coalesce(nullif(a.attcompression::text, ''), '-')), ', ' ORDER BY a.attrelid, a.attnum) AS methods
FROM pg_attribute a
WHERE a.attrelid IN (heimdall.results_table(), 'heimdall.feature_parts'::regclass)
  AND a.attname IN ('receiver_features', 'extraction_metadata');
SELECT pg_temp.expect('after the installation', methods, 'receiver_features l, extraction_metadata l, receiver_features l') FROM compressed;
ALTER TABLE heimdall.measurement_features ALTER receiver_features SET COMPRESSION pglz, ALTER extraction_metadata SET COMPRESSION default;
\ir ../../sql/compression.sql
SELECT pg_temp.expect('a method that was set stays', methods, 'receiver_features p, extraction_metadata l, receiver_features l') FROM compressed;

-- A table of results that somebody has partitioned.
CREATE TABLE heimdall.heimdalld_measurement_features (LIKE heimdall.measurement_features) PARTITION BY RANGE (timestamp);
CREATE TABLE heimdall.heimdalld_measurement_features_1 PARTITION OF heimdall.heimdalld_measurement_features DEFAULT;
\ir ../../sql/compression.sql
SELECT pg_temp.expect('partitions', (SELECT array_agg(DISTINCT a.attcompression::text) FROM pg_attribute a
                                     WHERE a.attrelid IN ('heimdall.heimdalld_measurement_features'::regclass, 'heimdall.heimdalld_measurement_features_1'::regclass)
                                       AND a.attname IN ('receiver_features', 'extraction_metadata')), ARRAY['l']);
\endif
ROLLBACK;
