-- Prepares the daemon's statements for the checks in this folder. psql must run in the repository's root. A check is one
-- transaction; it raises an exception where a result is wrong, and it is rolled back.
\set q `cat sql/queries/schema_version.sql`
PREPARE schema_version AS :q
\set q `cat sql/queries/register_worker.sql`
PREPARE register_worker AS :q
\set q `cat sql/queries/heartbeat.sql`
PREPARE heartbeat AS :q
\set q `cat sql/queries/expand_notes.sql`
PREPARE expand_notes AS :q
\set q `cat sql/queries/claim.sql`
PREPARE claim AS :q
\set q `cat sql/queries/release_orphans.sql`
PREPARE release_orphans AS :q
\set q `cat sql/queries/store_features.sql`
PREPARE store_features AS :q
\set q `cat sql/queries/store_failure.sql`
PREPARE store_failure AS :q
\set q `cat sql/queries/retry_later.sql`
PREPARE retry_later AS :q
\set q `cat sql/queries/snooze.sql`
PREPARE snooze AS :q
\set q `cat sql/queries/release.sql`
PREPARE release AS :q
\set q `cat sql/queries/discard.sql`
PREPARE discard AS :q
\set q `cat sql/queries/keep_features.sql`
PREPARE keep_features AS :q
\set q `cat sql/queries/settle_sessions.sql`
PREPARE settle_sessions AS :q
\set q `cat sql/queries/progress_backfills.sql`
PREPARE progress_backfills AS :q
\set q `cat sql/queries/keep_backfills.sql`
PREPARE keep_backfills AS :q
\set q `cat sql/queries/promote_due.sql`
PREPARE promote_due AS :q
\set q `cat sql/queries/release_expired.sql`
PREPARE release_expired AS :q
\set q `cat sql/queries/sweep.sql`
PREPARE sweep AS :q

-- n sessions of seven receivers, one hour apart, status 'recording'. Measurements belong to them by time.
CREATE FUNCTION pg_temp.record(n integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO heimdall.websdr_stations (id, name, latitude, longitude)
    SELECT md5('station' || k)::uuid, 'Test ' || k, 44 + k, 7 + k FROM generate_series(1, 7) k ON CONFLICT DO NOTHING;
    INSERT INTO heimdall.recording_sessions (id, user_id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at)
    SELECT md5('session' || i)::uuid, gen_random_uuid(), 'recording', 145000000, 12500, 1, timestamptz '2020-01-01 00:00Z' + i * interval '1 hour'
    FROM generate_series(1, n) i;
    INSERT INTO heimdall.measurements (id, websdr_station_id, frequency_hz, iq_data_location, created_at)
    SELECT md5(i || '/' || k)::uuid, md5('station' || k)::uuid, 145000000, i || '/' || k || '.bin',
           timestamptz '2020-01-01 00:00Z' + i * interval '1 hour' + k * interval '10 ms'
    FROM generate_series(1, n) i, generate_series(1, 7) k;
$$;
CREATE FUNCTION pg_temp.session(i integer) RETURNS uuid LANGUAGE sql AS $$ SELECT md5('session' || i)::uuid $$;
CREATE FUNCTION pg_temp.measurement(i integer, k integer) RETURNS uuid LANGUAGE sql AS $$ SELECT md5(i || '/' || k)::uuid $$;
-- What the daemons do every second: expand all notes.
CREATE FUNCTION pg_temp.expand() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WHILE (SELECT more FROM heimdall.expand_notes()) LOOP
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.complete(i integer) RETURNS void LANGUAGE sql AS $$
    UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = pg_temp.session(i);
    SELECT pg_temp.expand();
$$;

-- expect('what', got, wanted): raises an exception with both values unless they are equal; NULL equals NULL.
CREATE FUNCTION pg_temp.expect(what text, got anyelement, wanted anyelement) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF got IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION '%: got %, expected %', what, got, wanted;
    END IF;
END $$;
CREATE FUNCTION pg_temp.expect_rows(what text, query text, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE got bigint;
BEGIN
    EXECUTE query;
    GET DIAGNOSTICS got = ROW_COUNT;
    PERFORM pg_temp.expect(what, got, wanted);
END $$;
-- The statement must fail with this SQLSTATE.
CREATE FUNCTION pg_temp.expect_error(what text, query text, wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE got text := 'no error';
BEGIN
    BEGIN
        EXECUTE query;
    EXCEPTION WHEN OTHERS THEN
        got := SQLSTATE;
    END;
    PERFORM pg_temp.expect(what, got, wanted);
END $$;

-- The fingerprint of what is queued, as a claim returns it.
CREATE FUNCTION pg_temp.fingerprint(measurement uuid) RETURNS bigint LANGUAGE sql AS $$ SELECT source_fingerprint FROM heimdall.feature_queue WHERE measurement_id = fingerprint.measurement $$;
CREATE FUNCTION pg_temp.good(measurement uuid, claim bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format($f$EXECUTE store_features(%L, %s, ARRAY[jsonb_build_object('rx_id', %L::text) || '{"segment_index": 0, "segment_start_ms": 0, "signal_present": true, "snr_db": {"mean": 20}, "delay_spread_confidence": {"mean": 0.9}, "extended": {"detection_rate": 1}}'], '{"extraction_method": "recorded"}', 0.9, 20, 1, 0, %L)$f$, measurement, claim,
                  coalesce((SELECT rx_id FROM heimdall.session_measurements WHERE measurement_id = measurement LIMIT 1), 'Test'), pg_temp.fingerprint(measurement))
$$;
CREATE FUNCTION pg_temp.bad(measurement uuid, claim bigint, kind text DEFAULT 'invalid_format', again_ms bigint DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('EXECUTE store_failure(%L, %s, %L, %L, NULL, %L, %L)', measurement, claim, kind, 'message', again_ms, pg_temp.fingerprint(measurement))
$$;
-- The plan of a query, as text.
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END $$;
