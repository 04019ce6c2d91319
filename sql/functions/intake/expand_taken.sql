-- Expands these notes and deletes them. The common part of the two ways through expand_notes, which holds their locks.
CREATE OR REPLACE FUNCTION heimdall.expand_taken(taken heimdall.change_notes[])
RETURNS TABLE (queued bigint, settled jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    completed    uuid[];
    changed      uuid[];
    measurements uuid[];
    times        timestamptz[];
    failed_since uuid[];
    to_settle    uuid[];
    related      uuid[];
    windows      jsonb;
    noted_at     timestamptz;
    applied      record;
    unsettled    uuid[];
BEGIN
    DELETE FROM heimdall.change_notes n WHERE n.id = ANY (ARRAY(SELECT t.id FROM unnest(taken) t));
    SELECT array_agg(DISTINCT i.id) FILTER (WHERE t.kind = 'completed'),
           array_agg(DISTINCT i.id) FILTER (WHERE t.kind = 'session'),
           array_agg(i.id ORDER BY i.id, i.at) FILTER (WHERE t.kind = 'measurement' AND NOT i.has_failed_since),
           array_agg(i.at ORDER BY i.id, i.at) FILTER (WHERE t.kind = 'measurement' AND NOT i.has_failed_since),
           array_agg(DISTINCT i.id) FILTER (WHERE i.has_failed_since),
           array_agg(DISTINCT i.id) FILTER (WHERE t.kind = 'settle'), min(t.noted_at)
    INTO completed, changed, measurements, times, failed_since, to_settle, noted_at
    FROM unnest(taken) t
    -- What has failed after the change was noted is not tried again because of it: another note, of its session, was
    -- expanded first.
    CROSS JOIN LATERAL (SELECT n.id, n.at,
                               t.kind = 'measurement'
                               AND (SELECT true FROM heimdall.extracted_features f
                                    WHERE f.measurement_id = n.id AND f.extraction_failed AND f.updated_at >= t.noted_at
                                    LIMIT 1) IS NOT NULL AS has_failed_since
                        FROM unnest(t.ids, t.times) AS n (id, at)
                        OFFSET 0) i;

    PERFORM heimdall.sessions_changed(completed || changed);
    queued := 0;
    -- A measurement may have been queued by its own note, after the session completed and before this. A daemon that
    -- stores its result at this moment does not announce the session, since it still sees the note that is deleted here;
    -- this transaction still sees the row. So these sessions are settled under their locks.
    IF completed IS NOT NULL THEN
        to_settle := to_settle || ARRAY(SELECT c.id FROM unnest(completed) AS c (id)
                                        WHERE (SELECT true FROM heimdall.feature_queue q
                                               WHERE q.recording_session_id = c.id LIMIT 1));
    END IF;
    IF completed IS NOT NULL OR measurements IS NOT NULL THEN
        SELECT * INTO applied FROM heimdall.apply_changes(completed, measurements, times, true, 'live', 0::smallint, noted_at);
        queued := applied.queued;
        to_settle := to_settle || applied.left_sessions;
    END IF;
    IF changed IS NOT NULL OR failed_since IS NOT NULL THEN
        SELECT jsonb_agg(o.value) INTO windows
        FROM unnest(taken) t CROSS JOIN LATERAL jsonb_array_elements(t.old_sessions) o WHERE t.kind = 'session';
        SELECT array_agg(DISTINCT r.id) INTO related
        FROM (SELECT unnest(failed_since) AS id
            UNION ALL
              SELECT c.id FROM heimdall.related_measurements(changed, windows) AS c (id) WHERE changed IS NOT NULL) r;
        SELECT * INTO applied FROM heimdall.apply_changes(NULL, related, NULL, false, 'live', 0::smallint, noted_at);
        queued := queued + applied.queued;
        to_settle := to_settle || applied.left_sessions;
    END IF;

    -- A completed session with nothing to extract is announced here. Its rows are all new or finished: those that were
    -- queued before are settled below.
    IF completed IS NOT NULL THEN
        SELECT jsonb_agg(to_jsonb(s)) INTO settled
        FROM heimdall.announce_sessions(ARRAY(SELECT r.session_id FROM heimdall.application_sessions r
                                            WHERE r.session_id = ANY (completed) AND heimdall.is_completed(r.status)
                                              AND r.session_id <> ALL (coalesce(to_settle, '{}')))) s;
    END IF;
    -- Those sessions, and those that a row has left. A daemon that is finishing a row of the session has its lock: then
    -- again later, because waiting for it while we hold rows of the queue could deadlock.
    IF cardinality(to_settle) > 0 THEN
        SELECT array_agg(s.id) FILTER (WHERE NOT s.is_locked), array_agg(s.id) FILTER (WHERE s.is_locked)
        INTO unsettled, to_settle
        FROM (SELECT u.id, (SELECT true FROM heimdall.session_locks l
                            WHERE l.key = heimdall.session_lock_key(u.id) FOR UPDATE SKIP LOCKED)
                           IS NOT NULL AS is_locked
              FROM (SELECT r.session_id AS id FROM heimdall.application_sessions r
                    WHERE r.session_id = ANY (to_settle) AND heimdall.is_completed(r.status)) u) s;
        IF unsettled IS NOT NULL THEN
            INSERT INTO heimdall.change_notes (kind, ids) VALUES ('settle', unsettled);
        END IF;
        settled := coalesce(settled, '[]')
                   || coalesce((SELECT jsonb_agg(to_jsonb(s)) FROM heimdall.settle_sessions(to_settle) s), '[]');
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.expand_taken(heimdall.change_notes[]) IS
    'Expands these notes and deletes them. Called by expand_notes() only.';
