-- What a daemon does every second for the kept counts. It counts sessions that have changed, at most max_sessions or
-- one row of them. A change is removed in one statement, and its sessions are counted in the next one, which sees all
-- that was committed with it. It also walks through all sessions by id, and again after the last one: quickly as long
-- as no count is kept, later max_sessions every ten seconds, to find what no trigger has seen; a session without
-- measurements that it finds is announced, since no sweep does. Only one call runs at a time; a second one returns
-- immediately. A call that has nothing to do writes nothing.
--
-- more: another max_sessions changes wait. With fewer the next call has time: each result that is written names its
-- session, and a session of seven that is counted after its last one is counted once and not seven times.
CREATE OR REPLACE FUNCTION heimdall.keep_coverage(max_sessions integer DEFAULT 200)
RETURNS TABLE (counted bigint, differing bigint, more boolean)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    -- With 200 sessions a fifth of what the sweep examines in the same time: a million sessions in 14 hours.
    walk_interval CONSTANT interval := '10 seconds';
    nil           CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    kept     heimdall.coverage_totals;
    walks    boolean;
    sessions uuid[];
    wrong    uuid[];
    unknown  uuid[];
BEGIN
    counted := 0;
    differing := 0;
    more := false;
    -- A time in the future means that the clock was set back.
    SELECT t.counted_at IS NULL OR t.walked_at IS NULL
           OR clock_timestamp() - t.walked_at NOT BETWEEN interval '0' AND walk_interval
    INTO walks FROM heimdall.coverage_totals t;
    -- Row-level security may hide rows at this moment. What they change waits until all are seen.
    IF NOT walks AND NOT EXISTS (SELECT FROM heimdall.coverage_changes)
       OR row_security_active('heimdall.measurements') OR row_security_active('heimdall.recording_sessions') THEN
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO kept FROM heimdall.coverage_totals FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;

    WITH taken AS (
        DELETE FROM heimdall.coverage_changes c
        WHERE c.id = ANY (ARRAY(SELECT w.id
                                FROM (SELECT l.id, sum(l.size) OVER (ORDER BY l.id) - l.size AS before
                                      FROM (SELECT o.id, o.size FROM heimdall.coverage_changes o
                                            ORDER BY o.id LIMIT max_sessions) l) w
                                WHERE w.before < max_sessions))
        RETURNING c.session_ids
    )
    SELECT array_agg(DISTINCT s.id) INTO sessions FROM taken t CROSS JOIN LATERAL unnest(t.session_ids) AS s (id);
    IF sessions IS NOT NULL THEN
        PERFORM heimdall.keep_sessions(sessions);
        counted := cardinality(sessions);
        more := coalesce((SELECT sum(o.size) FROM (SELECT c.size FROM heimdall.coverage_changes c LIMIT max_sessions) o), 0)
                >= max_sessions;
    END IF;
    IF NOT walks OR more AND kept.counted_at IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;

    sessions := ARRAY(
        SELECT w.id
        FROM ((SELECT r.session_id AS id FROM heimdall.application_sessions r
               WHERE r.session_id > coalesce(kept.walked_to, nil)
               ORDER BY r.session_id LIMIT max_sessions)
            UNION
              (SELECT k.recording_session_id FROM heimdall.session_counts k
               WHERE k.recording_session_id > coalesce(kept.walked_to, nil)
               ORDER BY k.recording_session_id LIMIT max_sessions)
            UNION
              SELECT nil WHERE kept.walked_to IS NULL) w
        ORDER BY w.id
        LIMIT max_sessions);
    IF cardinality(sessions) > 0 THEN
        IF kept.counted_at IS NOT NULL THEN
            -- One statement: a session that is completed in its snapshot has a note or a change there, or a count.
            unknown := ARRAY(SELECT r.session_id FROM heimdall.application_sessions r
                             WHERE r.session_id = ANY (sessions) AND heimdall.is_completed(r.status)
                             EXCEPT SELECT k.recording_session_id FROM heimdall.session_counts k
                             WHERE k.recording_session_id = ANY (sessions)
                             EXCEPT SELECT heimdall.outdated_sessions());
        END IF;
        wrong := heimdall.keep_sessions(sessions);
        counted := counted + cardinality(sessions);
        -- A completion whose note was lost. The sweep finds those with measurements. The others are announced by this note,
        -- but for those from before the installation.
        INSERT INTO heimdall.change_notes (kind, ids)
        SELECT 'settle', array_agg(r.session_id)
        FROM heimdall.application_sessions r
        JOIN heimdall.session_counts k ON k.recording_session_id = r.session_id AND k.measurements = 0
        WHERE r.session_id = ANY (unknown)
          AND r.started_at >= coalesce((SELECT w.history_before FROM heimdall.sweep_state w), '-infinity')
        HAVING count(*) > 0;
    END IF;
    UPDATE heimdall.coverage_totals t
    SET walked_to = sessions[cardinality(sessions)], walked_at = clock_timestamp(),
        counted_at = CASE WHEN cardinality(sessions) = 0 THEN clock_timestamp() ELSE t.counted_at END;
    IF kept.counted_at IS NULL THEN
        more := more OR cardinality(sessions) > 0;
    ELSIF wrong IS NOT NULL THEN
        SELECT count(*) INTO differing
        FROM unnest(wrong) AS w (id) WHERE w.id NOT IN (SELECT o.id FROM heimdall.outdated_sessions() AS o (id));
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.keep_coverage(integer) IS
    'Keeps the counts behind feature_coverage up to date. Called by heimdalld every second; safe to call at any time.';
