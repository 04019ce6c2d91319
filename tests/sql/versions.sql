-- Daemons of another version than the schema: which ones it serves and which ones it refuses.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(2);
SELECT pg_temp.complete(1), pg_temp.complete(2);
DO $$
DECLARE
    earlier uuid; present uuid; answer record;
BEGIN
    PERFORM pg_temp.expect('what a daemon asks first', (SELECT (installed, serves_from)::text FROM
        (SELECT max(version) AS installed, coalesce(max(serves_from), 0) AS serves_from FROM heimdall.schema_migrations) s),
        (SELECT format('(%s,11)', max(version)) FROM heimdall.schema_migrations));

    -- A daemon of schema 7: it does not report its version, and it claims with two parameters.
    INSERT INTO heimdall.worker_heartbeats (host, pid, version, concurrency, lease_ms) VALUES ('earlier', 1, '0', 4, 30000)
    RETURNING worker_id INTO earlier;
    EXECUTE $q$EXECUTE register_worker('present', 2, '0', 4, 30000, 11)$q$ INTO present;
    SELECT * INTO answer FROM heimdall.claim_measurements(earlier, 1);
    PERFORM pg_temp.expect('it is refused, because it expands no notes', answer.measurement_id, NULL);
    UPDATE heimdall.worker_heartbeats SET schema_version = 11 WHERE worker_id = earlier;
    SELECT * INTO answer FROM heimdall.claim_measurements(earlier, 1);
    PERFORM pg_temp.expect('one of this schema is served', answer.measurement_id IS NOT NULL, true);
    UPDATE heimdall.worker_heartbeats SET schema_version = 7 WHERE worker_id = earlier;
    EXECUTE format('EXECUTE heartbeat(%L, 1)', earlier) INTO answer;
    PERFORM pg_temp.expect('its heartbeat too', answer.paused, false);

    -- A schema that does not serve the earlier daemon.
    INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (9998, 'later', 11), (9999, 'latest', NULL);
    EXECUTE 'EXECUTE schema_version' INTO answer;
    PERFORM pg_temp.expect('reported', (answer.installed, answer.serves_from)::text, '(9999,11)');
    PERFORM pg_temp.expect('refused', (SELECT count(*) FROM heimdall.claim_measurements(earlier, 1)), 0::bigint);
    PERFORM pg_temp.expect_rows('the present one is served', format('EXECUTE claim(%L, 1, NULL)', present), 1);
    UPDATE heimdall.schema_migrations SET serves_from = 9999 WHERE version = 9999;
    PERFORM pg_temp.expect_rows('no longer served', format('EXECUTE claim(%L, 1, NULL)', present), 0);
    PERFORM pg_temp.expect('they may finish their claims', (SELECT count(*) FROM heimdall.feature_queue WHERE state = 'claimed'), 2::bigint);
    SELECT * INTO answer FROM heimdall.feature_queue WHERE worker_id = earlier;
    PERFORM pg_temp.expect_rows('stored', pg_temp.good(answer.measurement_id, answer.claim_id), 1);

    -- A schema without the column serves_from.
    ALTER TABLE heimdall.schema_migrations DROP COLUMN serves_from;
    DELETE FROM heimdall.schema_migrations WHERE version > 7;
END $$;
DEALLOCATE schema_version;
\set q `cat sql/queries/schema_version.sql`
PREPARE schema_version AS :q
DO $$
DECLARE
    answer record;
BEGIN
    EXECUTE 'EXECUTE schema_version' INTO answer;
    PERFORM pg_temp.expect('on an earlier schema', (answer.installed, answer.serves_from)::text, '(7,0)');
END $$;
ROLLBACK;
