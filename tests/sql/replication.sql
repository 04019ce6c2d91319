-- What logical replication applies is noted by row triggers, since statement triggers do not fire for it.
\ir prepare.sql
BEGIN;
SELECT pg_temp.record(3);
SELECT pg_temp.expand();
SELECT pg_temp.expect('no table is replicated', (SELECT count(*) FROM pg_trigger WHERE tgname = 'heimdall_replicated'), 0::bigint);
-- As if a subscription wrote both tables.
SET LOCAL allow_system_table_mods = on;
INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
SELECT 0, c, 'r' FROM unnest(ARRAY['heimdall.measurements', 'heimdall.recording_sessions']::regclass[]) c;
SET LOCAL allow_system_table_mods = off;
\ir ../../sql/triggers/replicated_tables.sql
\ir ../../sql/triggers/replicated_tables.sql
SELECT pg_temp.expect('for what is replicated alone', (SELECT array_agg(format('%s %s', tgrelid::regclass, tgenabled) ORDER BY tgrelid::regclass::text) FROM pg_trigger WHERE tgname = 'heimdall_replicated'),
                      ARRAY['heimdall.measurements R', 'heimdall.recording_sessions R']);

CREATE FUNCTION pg_temp.noted() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s', kind, n), ', ' ORDER BY kind), '') FROM (SELECT kind, sum(size) AS n FROM heimdall.change_notes GROUP BY kind) k
$$;
-- A change of this server is noted once, by the statement triggers.
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(3);
SELECT pg_temp.expect('a local change', pg_temp.noted(), 'completed 1');
SELECT pg_temp.expand();

SET LOCAL session_replication_role = replica;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id IN (pg_temp.session(1), pg_temp.session(2));
SELECT pg_temp.expect('completed', pg_temp.noted(), 'completed 2');
SELECT pg_temp.expand();
SELECT pg_temp.expect('queued', (SELECT count(*) FROM heimdall.feature_queue), 21::bigint);
INSERT INTO heimdall.measurements (id, iq_data_location, created_at) VALUES
    (pg_temp.measurement(1, 8), '1/8.bin', '2020-01-01 01:00:00.08Z'), (pg_temp.measurement(1, 9), NULL, '2020-01-01 01:00:00.09Z');
SELECT pg_temp.expect('a late one, and one without an object', pg_temp.noted(), 'measurement 1');
UPDATE heimdall.measurements SET iq_data_location = '1/9.bin' WHERE id = pg_temp.measurement(1, 9);
UPDATE heimdall.measurements SET iq_data_location = iq_data_location WHERE id = pg_temp.measurement(1, 1);
SELECT pg_temp.expect('its object, and no change', pg_temp.noted(), 'measurement 2');
SELECT pg_temp.expand();
SELECT pg_temp.expect('both queued', (SELECT count(*) FROM heimdall.feature_queue), 23::bigint);
DELETE FROM heimdall.measurements WHERE id = pg_temp.measurement(1, 1);
UPDATE heimdall.measurements SET iq_data_location = NULL WHERE id = pg_temp.measurement(1, 2);
UPDATE heimdall.recording_sessions SET created_at = created_at + interval '5 s' WHERE id = pg_temp.session(2);
SELECT pg_temp.expect('deleted, without an object, another window', pg_temp.noted(), 'measurement 2, session 1');
SELECT pg_temp.expand();
SELECT pg_temp.expect('what is left', (SELECT count(*) FROM heimdall.feature_queue), 14::bigint);

-- The kept counts follow, also of a session that is no longer completed.
SELECT heimdall.keep_coverage(1000), heimdall.keep_coverage(1000);
UPDATE heimdall.recording_sessions SET status = 'failed' WHERE id = pg_temp.session(3);
SELECT pg_temp.expect('no longer completed', (SELECT (total_recordings, total_measurements)::text FROM heimdall.measure_coverage()), '(2,7)');
SELECT pg_temp.expect('as counted anew', (SELECT sum(abs(difference)) FROM heimdall.recount_coverage()), 0::numeric);

-- A row that cannot be noted is a warning, and does not stop the replication.
SET LOCAL client_min_messages = error;
ALTER TABLE heimdall.change_notes RENAME TO away;
INSERT INTO heimdall.measurements (id, iq_data_location, created_at) VALUES (pg_temp.measurement(1, 10), '1/10.bin', '2020-01-01 01:00:00.1Z');
ROLLBACK;
