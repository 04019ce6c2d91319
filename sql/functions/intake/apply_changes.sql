-- Brings queue and features in line with what the application's tables say now, for measurements that may have changed.
-- It compares states and does not repeat events, so it may run twice, late, or for a measurement that has not changed.
--
--   completed     sessions that have become completed: all their measurements, failed ones too
--   measurements  measurements to look at, with their times where these are known; again: failed ones are queued too
--   changed_at    since when they wait, for measurements that are queued now
--
-- For each measurement:
--   its session is completed, and it has no features, or features of another object or receiver: it is queued
--   its features are right, but its time or session has changed: the row of features follows
--   it is queued: the row of the queue follows. Another object, receiver or session ends a claim of the old one
--   it no longer exists, has no object or no session, or another session that is not completed: it leaves the queue
-- A deleted measurement keeps its features. A measurement that belongs to no session any more keeps them without one.
--
-- Other transactions change the same rows: expansions of later notes, claims, results. A row is changed only in the version
-- that was compared (xmin), and a measurement is queued only if it has no other result since; else it is noted again and
-- compared once more. So a late expansion never puts something old over something new, nothing is extracted twice, and no
-- lock is held while it compares.
--
-- Where row-level security hides rows from this function, it does not take a row that it cannot see for a deleted one.
--
-- It returns the number of queued measurements, and the sessions that rows of the queue have left: one of them may have
-- nothing outstanding any more.
CREATE OR REPLACE FUNCTION heimdall.apply_changes(
    completed uuid[], measurements uuid[], times timestamptz[], again boolean, source text, priority smallint,
    changed_at timestamptz
)
RETURNS TABLE (queued bigint, left_sessions uuid[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    sees_all CONSTANT boolean := NOT row_security_active('heimdall.measurements')
                             AND NOT row_security_active('heimdall.recording_sessions');
    inserted       uuid[];
    known_versions text[];
    overtaken      bigint;
BEGIN
    WITH current AS MATERIALIZED (
        SELECT DISTINCT ON (c.measurement_id) c.*
        FROM (
            -- OFFSET 0 is a planner fence: one index search per session, whatever the statistics say.
            SELECT sm.measurement_id, true AS again, sm.recording_session_id, sm.session_status, sm.session_created_at,
                   sm.measured_at, sm.iq_data_location, sm.websdr_station_id::text AS station, sm.iq_data_format,
                   sm.iq_sample_rate
            FROM unnest(apply_changes.completed) AS s (id)
            CROSS JOIN LATERAL (SELECT * FROM heimdall.session_measurements v
                                WHERE v.recording_session_id = s.id OFFSET 0) sm
          UNION ALL
            SELECT n.id, apply_changes.again, sm.recording_session_id, sm.session_status, sm.session_created_at,
                   sm.measured_at, sm.iq_data_location, sm.websdr_station_id::text, sm.iq_data_format,
                   sm.iq_sample_rate
            FROM unnest(apply_changes.measurements, apply_changes.times) AS n (id, at)
            LEFT JOIN LATERAL (
                -- With the time it reads one partition. Where the time has changed since, another note has the new one;
                -- but what is queued or extracted must not be taken for gone, so it is looked for everywhere.
                (SELECT * FROM heimdall.session_measurements v
                 WHERE v.measurement_id = n.id AND v.created_at = n.at LIMIT 1)
              UNION ALL
                (SELECT * FROM heimdall.session_measurements v
                 WHERE v.measurement_id = n.id
                   AND (n.at IS NULL
                        OR (SELECT true FROM heimdall.feature_queue q WHERE q.measurement_id = n.id)
                        OR (SELECT true FROM heimdall.extracted_features f
                            WHERE f.measurement_id = n.id AND f.extraction_failed IS NOT NULL LIMIT 1))
                 LIMIT 1)
                LIMIT 1
            ) sm ON true
        ) c
        ORDER BY c.measurement_id, c.recording_session_id IS NULL, c.again DESC
    ), compared AS MATERIALIZED (
        SELECT d.*,
               -- Another object, receiver or session: it starts again from its first attempt, and a claim of it ends.
               d.is_queued AND d.is_completed AND d.restarts AS is_restarted,
               d.is_queued AND d.is_completed
                   AND (d.restarts OR d.queued_measured_at <> d.measured_at
                        OR d.is_wanted AND d.queued_state <> 'claimed'
                           AND (apply_changes.priority < d.queued_priority
                                OR d.queued_recheck AND d.queued_state = 'waiting')) AS is_updated,
               d.is_queued AND NOT d.is_wanted
                   AND (d.recording_session_id IS NULL AND sees_all
                        OR NOT d.is_completed AND d.recording_session_id <> d.queued_session_id) AS is_dropped,
               d.displaced AND NOT d.is_wanted
                   AND (d.recording_session_id IS NOT NULL
                        OR sees_all AND EXISTS (SELECT FROM heimdall.application_measurements m
                                               WHERE m.measurement_id = d.measurement_id))
                   AS is_followed
        FROM (
            SELECT c.*, p.fingerprint, f.displaced, f.versions, f.sessions,
                   q.version AS queued_version, q.recording_session_id AS queued_session_id,
                   q.measured_at AS queued_measured_at, q.state AS queued_state, q.priority AS queued_priority,
                   q.recheck AS queued_recheck, q.version IS NOT NULL AS is_queued,
                   coalesce(q.source_fingerprint <> p.fingerprint, false)
                       OR q.recording_session_id <> c.recording_session_id AS restarts,
                   coalesce(heimdall.is_completed(c.session_status), false) AS is_completed,
                   CASE WHEN heimdall.is_completed(c.session_status) IS NOT TRUE THEN false
                        WHEN f.outdated THEN true
                        WHEN f.good THEN false
                        ELSE c.again OR NOT f.failed
                             AND (SELECT true FROM heimdall.cancelled_measurements x
                                  WHERE x.measurement_id = c.measurement_id) IS NULL
                   END AS is_wanted
            FROM current c
            CROSS JOIN LATERAL (
                SELECT heimdall.source_fingerprint(c.iq_data_location, c.station, c.iq_data_format, c.iq_sample_rate)
                           AS fingerprint
                OFFSET 0
            ) p
            -- An earlier extraction service wrote one error row per try, hence the aggregates.
            CROSS JOIN LATERAL (
                SELECT coalesce(bool_or(NOT mf.extraction_failed), false) AS good,
                       coalesce(bool_or(mf.extraction_failed), false) AS failed,
                       -- A row from before the fingerprints: the key that its metadata names must be in the location.
                       coalesce(bool_or(CASE WHEN mf.source_fingerprint IS NOT NULL
                                             THEN mf.source_fingerprint <> p.fingerprint
                                                  AND mf.failed_fingerprint IS DISTINCT FROM p.fingerprint
                                             ELSE strpos(c.iq_data_location, mf.extraction_metadata ->> 'object_key') = 0
                                        END), false) AS outdated,
                       coalesce(bool_or(mf.recording_session_id IS DISTINCT FROM c.recording_session_id
                                        OR mf.timestamp <> c.measured_at), false) AS displaced,
                       array_agg(mf.row_version) AS versions,
                       array_agg(mf.recording_session_id) AS sessions
                FROM heimdall.extracted_features mf
                WHERE mf.measurement_id = c.measurement_id
            ) f
            LEFT JOIN LATERAL (SELECT fq.xmin AS version, fq.* FROM heimdall.feature_queue fq
                               WHERE fq.measurement_id = c.measurement_id OFFSET 0) q ON true
        ) d
    ), inserted AS (
        INSERT INTO heimdall.feature_queue AS q
            (measurement_id, recording_session_id, measured_at, source, priority, source_fingerprint, enqueued_at)
        SELECT w.measurement_id, w.recording_session_id, w.measured_at, apply_changes.source, apply_changes.priority,
               w.fingerprint, changed_at
        FROM compared w
        WHERE w.is_wanted AND NOT w.is_queued
        ORDER BY w.session_created_at, w.recording_session_id, w.measured_at, w.measurement_id
        ON CONFLICT DO NOTHING
        RETURNING q.measurement_id
    ), updated AS (
        -- It gets this priority if it is higher, and a recheck for a missing object becomes ready immediately. The array
        -- keeps this a few lookups, whatever the planner estimates; so it does below.
        UPDATE heimdall.feature_queue q
        SET recording_session_id = k.recording_session_id, measured_at = k.measured_at,
            source_fingerprint = k.fingerprint,
            source = CASE WHEN k.is_wanted AND apply_changes.priority < q.priority THEN apply_changes.source
                          ELSE q.source END,
            priority = CASE WHEN k.is_wanted THEN least(apply_changes.priority, q.priority) ELSE q.priority END,
            state = CASE WHEN k.is_restarted OR q.recheck AND q.state = 'waiting' THEN 'ready' ELSE q.state END,
            due_at = CASE WHEN k.is_restarted OR q.recheck AND q.state = 'waiting' THEN NULL ELSE q.due_at END,
            attempt = CASE WHEN k.is_restarted THEN 0 ELSE q.attempt END,
            recheck = q.recheck AND NOT k.is_restarted,
            claim_id = CASE WHEN k.is_restarted THEN NULL ELSE q.claim_id END,
            worker_id = CASE WHEN k.is_restarted THEN NULL ELSE q.worker_id END,
            claimed_at = CASE WHEN k.is_restarted THEN NULL ELSE q.claimed_at END
        FROM compared k
        WHERE k.is_updated AND q.measurement_id = k.measurement_id AND q.xmin = k.queued_version
          AND q.measurement_id = ANY (ARRAY(SELECT a.measurement_id FROM compared a WHERE a.is_updated))
        RETURNING q.measurement_id
    ), dropped AS (
        DELETE FROM heimdall.feature_queue q
        USING compared k
        WHERE k.is_dropped AND q.measurement_id = k.measurement_id AND q.xmin = k.queued_version
          AND q.measurement_id = ANY (ARRAY(SELECT a.measurement_id FROM compared a WHERE a.is_dropped))
        RETURNING q.measurement_id, q.recording_session_id, q.backfill_id
    ), uncounted AS (
        UPDATE heimdall.backfills b
        SET total = b.total - d.n,
            finished_at = coalesce(b.finished_at, CASE WHEN b.done + b.failed >= b.total - d.n THEN clock_timestamp() END)
        FROM (SELECT backfill_id, count(*) AS n FROM dropped WHERE backfill_id IS NOT NULL GROUP BY backfill_id) d
        WHERE b.backfill_id = d.backfill_id
    ), followed AS (
        UPDATE heimdall.extracted_features mf
        SET recording_session_id = k.recording_session_id,
            timestamp = CASE WHEN mf.source_fingerprint IS NULL OR k.recording_session_id IS NULL THEN mf.timestamp
                             ELSE k.measured_at END
        FROM compared k
        WHERE k.is_followed AND mf.measurement_id = k.measurement_id AND mf.row_version = ANY (k.versions)
          AND mf.measurement_id = ANY (ARRAY(SELECT a.measurement_id FROM compared a WHERE a.is_followed))
        RETURNING mf.measurement_id
    ), recounted AS (
        -- For the kept counts: the sessions that these measurements are in, and those that they were in.
        INSERT INTO heimdall.coverage_changes (session_ids)
        SELECT array_agg(DISTINCT s.id)
        FROM compared c
        CROSS JOIN LATERAL unnest(c.sessions || c.queued_session_id
                                  || CASE WHEN c.is_completed THEN c.recording_session_id END) AS s (id)
        WHERE s.id IS NOT NULL
        HAVING count(*) > 0
    ), noted_again AS (
        -- Rows that another transaction has changed since this statement began. What this one knows of them may be older
        -- than what that one did, so they are looked at once more. They were noted when the change was: what has failed since
        -- is not tried again because of it.
        INSERT INTO heimdall.change_notes (kind, ids, noted_at)
        SELECT 'measurement', array_agg(c.measurement_id), changed_at
        FROM compared c
        WHERE c.is_wanted AND NOT c.is_queued AND c.measurement_id NOT IN (SELECT i.measurement_id FROM inserted i)
           OR c.is_updated AND c.measurement_id NOT IN (SELECT u.measurement_id FROM updated u)
           OR c.is_dropped AND c.measurement_id NOT IN (SELECT r.measurement_id FROM dropped r)
           OR c.is_followed AND c.measurement_id NOT IN (SELECT o.measurement_id FROM followed o)
        HAVING count(*) > 0
    )
    SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated),
           ARRAY(SELECT recording_session_id FROM dropped
                 UNION
                 SELECT c.queued_session_id FROM compared c
                 WHERE c.is_queued AND c.queued_session_id <> c.recording_session_id),
           ARRAY(SELECT i.measurement_id FROM inserted i),
           ARRAY(SELECT v.version FROM compared c CROSS JOIN LATERAL unnest(c.versions) AS v (version)
                 WHERE c.is_wanted AND NOT c.is_queued AND v.version IS NOT NULL)
    INTO queued, left_sessions, inserted, known_versions;

    -- A measurement that another expansion has queued and a daemon has extracted since the statement above began: its row
    -- had gone when ours was inserted. A statement of its own sees the result.
    IF cardinality(inserted) > 0 THEN
        WITH withdrawn AS (
            DELETE FROM heimdall.feature_queue q
            WHERE q.measurement_id = ANY (inserted)
              AND (SELECT true FROM heimdall.extracted_features mf
                   WHERE mf.measurement_id = q.measurement_id AND mf.row_version <> ALL (known_versions)
                   LIMIT 1) IS NOT NULL
            RETURNING q.measurement_id
        ), noted_again AS (
            INSERT INTO heimdall.change_notes (kind, ids, noted_at)
            SELECT 'measurement', array_agg(w.measurement_id), changed_at FROM withdrawn w HAVING count(*) > 0
        )
        SELECT count(*) INTO overtaken FROM withdrawn;
        queued := queued - overtaken;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.apply_changes(uuid[], uuid[], timestamptz[], boolean, text, smallint, timestamptz) IS
    'Brings queue and features in line with the application''s tables, for measurements that may have changed. Called by '
    'expand_notes() and the sweep.';
