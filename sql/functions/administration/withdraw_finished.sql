-- The end of a request that has just queued these measurements, and others that were queued before. It takes those out of
-- the queue again that have features by now, or, with failed_too, an error row: between what the caller has read and its
-- INSERT, the notes can have queued a measurement and a daemon can have finished it, so that ON CONFLICT met no row. A
-- statement of its own sees the result. Returns what is left, and notes its sessions for the kept counts. Arrays instead of
-- joins: look-ups, whatever the planner estimates.
CREATE OR REPLACE FUNCTION heimdall.withdraw_finished(queued uuid[], failed_too boolean, others uuid[] DEFAULT '{}')
RETURNS TABLE (recordings_found bigint, measurements_queued bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
BEGIN
    DELETE FROM heimdall.feature_queue q
    WHERE q.measurement_id = ANY (queued)
      AND (SELECT true FROM heimdall.extracted_features f
           WHERE f.measurement_id = q.measurement_id AND (failed_too OR NOT f.extraction_failed) LIMIT 1) IS NOT NULL;
    RETURN QUERY
    SELECT u.sessions, u.measurements
    FROM (SELECT count(DISTINCT q.recording_session_id) AS sessions, count(*) AS measurements,
                 array_agg(DISTINCT q.recording_session_id) AS ids
          FROM heimdall.feature_queue q
          WHERE q.measurement_id = ANY (queued || others)) u
    CROSS JOIN LATERAL heimdall.sessions_changed(u.ids);
END
$$;
COMMENT ON FUNCTION heimdall.withdraw_finished(uuid[], boolean, uuid[]) IS
    'Takes measurements that were finished while they were queued out of the queue again, and counts the others. Called by '
    'request_backfill() and retry_failed(), for what they have queued themselves.';
