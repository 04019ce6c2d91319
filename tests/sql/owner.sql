-- Who owns our objects, and what row-level security of the application does to them.
\ir prepare.sql
BEGIN;
CREATE ROLE heimdall_test_owner NOLOGIN;
ALTER TABLE heimdall.recording_sessions OWNER TO heimdall_test_owner;
ALTER TABLE heimdall.measurements OWNER TO heimdall_test_owner;
ALTER TABLE heimdall.websdr_stations OWNER TO heimdall_test_owner;
SELECT pg_temp.record(2);
SET LOCAL client_min_messages = error;
\ir ../../sql/ownership.sql
DO $$
DECLARE
    got text; worker uuid; held record;
BEGIN
    SELECT string_agg(o.name, ', ') INTO got
    FROM (SELECT c.relname::text AS name, c.relowner AS owner FROM pg_class c
          WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relkind IN ('r', 'v', 'S')
        UNION ALL
          SELECT p.proname, p.proowner FROM pg_proc p WHERE p.pronamespace = 'heimdall'::regnamespace) o
    JOIN pg_roles r ON r.oid = o.owner
    WHERE r.rolsuper;
    PERFORM pg_temp.expect('objects that still belong to a superuser', got, NULL);

    -- Everything works with the rights of the tables' owner.
    PERFORM pg_temp.complete(1);
    PERFORM pg_temp.expect('queued', (SELECT count(*) FROM heimdall.feature_queue), 7::bigint);
    EXECUTE $q$EXECUTE register_worker('test', 1, '0', 4, 30000, 11)$q$ INTO worker;
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect('claimed', held.iq_data_location, '1/1.bin');
    PERFORM pg_temp.expect_rows('stored', pg_temp.good(held.measurement_id, held.claim_id), 1);
    PERFORM heimdall.enqueue_missing(10, true), heimdall.request_backfill(), heimdall.retry_failed();
    PERFORM * FROM heimdall.feature_coverage;

    -- Row-level security that applies to the owner too: a row that cannot be seen has not gone.
    ALTER TABLE heimdall.measurements ENABLE ROW LEVEL SECURITY;
    ALTER TABLE heimdall.measurements FORCE ROW LEVEL SECURITY;
    INSERT INTO heimdall.change_notes (kind, ids) SELECT 'measurement', array_agg(q.measurement_id) FROM heimdall.feature_queue q;
    PERFORM pg_temp.expand();
    PERFORM pg_temp.expect('still queued', (SELECT count(*) FROM heimdall.feature_queue), 6::bigint);
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect('hidden, not gone', (held.iq_data_location IS NULL AND held.is_hidden), true);
    PERFORM pg_temp.expect('nothing is counted meanwhile', (SELECT (counted, more)::text || (SELECT count(*) > 0 FROM heimdall.coverage_changes) FROM heimdall.keep_coverage()), '(0,f)true');
    PERFORM pg_temp.expect_error('nor when asked', 'SELECT heimdall.recount_coverage()', '55000');
    PERFORM pg_temp.expect_error('nothing is taken for an orphan', 'SELECT heimdall.purge_features(orphans_only => true)', '55000');
    PERFORM pg_temp.expect('the features keep their session', (SELECT count(*) FROM heimdall.measurement_features WHERE recording_session_id = pg_temp.session(1)), 1::bigint);
    ALTER TABLE heimdall.measurements NO FORCE ROW LEVEL SECURITY;
    EXECUTE format('EXECUTE claim(%L, 1, NULL)', worker) INTO held;
    PERFORM pg_temp.expect('seen', held.iq_data_location IS NULL, false);
END $$;
ROLLBACK;
