-- Releases the claims of daemons whose lease has expired, or whose row in worker_heartbeats no longer exists. Their
-- measurements become ready again. A measurement that was lost with five daemons gets an error row, because it probably
-- crashes them. From the second loss on, measurements become ready one by one after random delays, so that innocent
-- ones finish before the crashing one is tried again. If a lost daemon held two or more measurements that were lost
-- before, none of them gets an error row, however often: the delays separate them first. The cost grows with the number
-- of daemons and of released rows, not with the queue: the recursive query reads the owners from the partial index of
-- claimed rows, one step per worker.
CREATE OR REPLACE FUNCTION heimdall.release_expired()
RETURNS TABLE (measurement_id uuid, worker_id uuid, outcome text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    -- A daemon may be lost once or twice by coincidence, but not five times with the same recording.
    max_crashes CONSTANT integer := 5;
    -- Unit of the random delay: long compared with the work on a recording, short compared with a lease.
    scatter     CONSTANT interval := '10 seconds';
    lost     uuid[];  -- workers
    crashing uuid[];  -- measurements that get an error row
    sessions uuid[];  -- of these measurements
BEGIN
    -- The clock was set back. From now on, a daemon that is lost has one lease left.
    UPDATE heimdall.worker_heartbeats w SET beat_at = clock_timestamp() WHERE w.beat_at > clock_timestamp();

    WITH RECURSIVE expired AS (
        DELETE FROM heimdall.worker_heartbeats w
        WHERE w.beat_at < clock_timestamp() - w.lease_ms * interval '1 millisecond'
        RETURNING w.worker_id
    ), owners AS (
        (SELECT q.worker_id FROM heimdall.feature_queue q WHERE q.state = 'claimed' ORDER BY q.worker_id LIMIT 1)
      UNION ALL
        SELECT (SELECT q.worker_id FROM heimdall.feature_queue q
                WHERE q.state = 'claimed' AND q.worker_id > o.worker_id ORDER BY q.worker_id LIMIT 1)
        FROM owners o
        WHERE o.worker_id IS NOT NULL
    )
    SELECT array_agg(o.worker_id) INTO lost
    FROM owners o
    WHERE o.worker_id IS NOT NULL
      AND (o.worker_id IN (SELECT e.worker_id FROM expired e)
           OR NOT EXISTS (SELECT FROM heimdall.worker_heartbeats w WHERE w.worker_id = o.worker_id));

    IF lost IS NULL THEN
        RETURN;
    END IF;

    -- One measurement per lost daemon at most: it was lost before, and it is the only such one of that daemon.
    SELECT array_agg(suspected.measurement_ids[1]), array_agg(DISTINCT suspected.session_ids[1]) INTO crashing, sessions
    FROM (SELECT array_agg(q.measurement_id) AS measurement_ids, array_agg(q.recording_session_id) AS session_ids
          FROM heimdall.feature_queue q
          WHERE q.state = 'claimed' AND q.worker_id = ANY (lost) AND q.crashes > 0
          GROUP BY q.worker_id
          HAVING count(*) = 1 AND max(q.crashes) + 1 >= max_crashes) suspected;

    -- As in queries/lock_sessions.sql. After this it waits for no row of the queue, so it cannot deadlock with a daemon
    -- that holds such a row and waits for a session.
    PERFORM FROM heimdall.session_locks l
    WHERE l.key = ANY (ARRAY(SELECT heimdall.session_lock_key(s) FROM unnest(sessions) s))
    ORDER BY l.key
    FOR UPDATE;

    RETURN QUERY
    WITH dropped AS (
        DELETE FROM heimdall.feature_queue q
        WHERE q.measurement_id = ANY (ARRAY(
            SELECT c.measurement_id FROM heimdall.feature_queue c
            WHERE c.state = 'claimed' AND c.worker_id = ANY (lost) AND c.measurement_id = ANY (crashing)
              AND c.recording_session_id = ANY (sessions)
            FOR UPDATE SKIP LOCKED))
        RETURNING q.*, format('Extraction crashed: %s daemons were lost while working on this recording', q.crashes + 1)
                           AS message
    ), failed AS (
        INSERT INTO heimdall.extracted_features AS f
            (timestamp, measurement_id, recording_session_id, receiver_features, overall_confidence,
             num_receivers_detected, extraction_failed, error_kind, error_message, attempts, source_fingerprint)
        SELECT d.measured_at, d.measurement_id, d.recording_session_id, '{}', 0, 0, true, 'crashed',
               d.message, d.attempt, d.source_fingerprint
        FROM dropped d
        WHERE NOT EXISTS (SELECT FROM heimdall.extracted_features g
                          WHERE g.measurement_id = d.measurement_id AND NOT g.extraction_failed)
        ON CONFLICT (timestamp, measurement_id) DO UPDATE
        SET recording_session_id = excluded.recording_session_id, error_kind = excluded.error_kind,
            error_message = excluded.error_message, attempts = excluded.attempts,
            source_fingerprint = excluded.source_fingerprint, updated_at = clock_timestamp()
        WHERE f.extraction_failed
    ), kept_features AS (
        UPDATE heimdall.extracted_features f
        SET failed_fingerprint = d.source_fingerprint, last_error_kind = 'crashed',
            last_error_message = d.message, last_failed_at = clock_timestamp()
        FROM dropped d
        -- The array keeps this a few lookups, whatever the planner estimates.
        WHERE f.measurement_id = d.measurement_id AND NOT f.extraction_failed
          AND f.measurement_id = ANY (ARRAY(SELECT x.measurement_id FROM dropped x))
    ), counted AS (
        UPDATE heimdall.backfills b
        SET failed = b.failed + d.n,
            finished_at = coalesce(b.finished_at,
                                   CASE WHEN b.done + b.failed + d.n >= b.total THEN clock_timestamp() END)
        FROM (SELECT backfill_id, count(*) AS n FROM dropped WHERE backfill_id IS NOT NULL GROUP BY backfill_id) d
        WHERE b.backfill_id = d.backfill_id
    ), held AS MATERIALIZED (
        SELECT c.measurement_id, c.worker_id FROM heimdall.feature_queue c
        WHERE c.state = 'claimed' AND c.worker_id = ANY (lost) AND c.measurement_id <> ALL (coalesce(crashing, '{}'))
        -- A row that its owner is storing at this moment stays with it; if that fails, the next call releases it.
        FOR UPDATE SKIP LOCKED
    ), released AS (
        UPDATE heimdall.feature_queue q
        SET state = CASE WHEN q.crashes = 0 THEN 'ready' ELSE 'waiting' END,
            due_at = CASE WHEN q.crashes > 0 THEN clock_timestamp() + random() * least(q.crashes, 4) * scatter END,
            claim_id = NULL, worker_id = NULL, claimed_at = NULL, crashes = q.crashes + 1
        -- An array instead of a join, which would read the whole table per row where the last vacuum found it empty.
        WHERE q.measurement_id = ANY (ARRAY(SELECT h.measurement_id FROM held h))
    )
    SELECT d.measurement_id, d.worker_id, 'crashed' FROM dropped d
    UNION ALL
    SELECT h.measurement_id, h.worker_id, 'released' FROM held h;

    PERFORM heimdall.wake_workers();
    PERFORM heimdall.settle_sessions(sessions);
    INSERT INTO heimdall.coverage_changes (session_ids) SELECT sessions WHERE cardinality(sessions) > 0;
END
$$;
COMMENT ON FUNCTION heimdall.release_expired() IS
    'Makes the measurements of daemons whose lease expired ready again. One that was lost with five daemons, and was '
    'the only suspected one of the last daemon, gets an error row. Called by heimdalld.';
