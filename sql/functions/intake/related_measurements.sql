-- The measurements that a change of these sessions may concern: those that belong to them now, those whose features or
-- rows of the queue name them, and those in their old windows. A window with a time or a length that no recording has
-- counts as none.
CREATE OR REPLACE FUNCTION heimdall.related_measurements(session_ids uuid[], old_windows jsonb)
RETURNS SETOF uuid
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT sm.measurement_id
    FROM unnest(session_ids) AS s (id)
    CROSS JOIN LATERAL (SELECT v.measurement_id FROM heimdall.session_measurements v
                        WHERE v.recording_session_id = s.id OFFSET 0) sm
  UNION ALL
    SELECT f.measurement_id
    FROM unnest(session_ids) AS s (id)
    CROSS JOIN LATERAL (SELECT mf.measurement_id FROM heimdall.extracted_features mf
                        WHERE mf.recording_session_id = s.id OFFSET 0) f
  UNION ALL
    SELECT q.measurement_id
    FROM unnest(session_ids) AS s (id)
    CROSS JOIN LATERAL (SELECT fq.measurement_id FROM heimdall.feature_queue fq
                        WHERE fq.recording_session_id = s.id OFFSET 0) q
  UNION ALL
    SELECT m.measurement_id
    FROM (SELECT w.value ->> 'at' AS at, w.value ->> 'seconds' AS seconds
          FROM jsonb_array_elements(old_windows) AS w
          WHERE w.value ->> 'at' ~ '^[0-9]{4}-' AND w.value ->> 'seconds' ~ '^[0-9]{1,6}([.][0-9]+)?$') w
    CROSS JOIN LATERAL (SELECT iq.measurement_id FROM heimdall.iq_measurements iq
                        WHERE (iq.recording_session_id IS NULL) IS TRUE
                          AND iq.created_at BETWEEN w.at::timestamptz
                                                AND heimdall.window_end(w.at::timestamptz, w.seconds::double precision)
                        OFFSET 0) m;
END
$$;
COMMENT ON FUNCTION heimdall.related_measurements(uuid[], jsonb) IS
    'The measurements that a change of these sessions may concern. Called by expand_notes() only.';
