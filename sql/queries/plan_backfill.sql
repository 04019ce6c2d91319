-- Purpose: how many sessions and measurements a backfill would queue.
-- Parameters: $1 since, $2 until, both as text or NULL; $3 sessions at most; $4 whether failed ones count
-- Returns: report: sessions, measurements
-- Plan: the kept counts of each completed session of the range by primary key, the latest first, up to $3 sessions with
--   something missing; count_session() only where no count is kept.
SELECT jsonb_build_object('sessions', count(*), 'measurements', coalesce(sum(m.missing), 0)) AS report
FROM (SELECT c.without - CASE WHEN $4::boolean THEN 0 ELSE c.failed END AS missing
      FROM heimdall.application_sessions a
      CROSS JOIN LATERAL (
          SELECT k.measurements - k.with_features - k.pending AS without, k.failed
          FROM heimdall.session_counts k
          WHERE k.recording_session_id = a.session_id
        UNION ALL
          SELECT n.total - n.with_features - n.pending, n.failed
          FROM heimdall.count_session(a.session_id) n
          WHERE (SELECT true FROM heimdall.session_counts k WHERE k.recording_session_id = a.session_id) IS NULL
        LIMIT 1
      ) c
      WHERE heimdall.is_completed(a.status)
        AND a.started_at >= coalesce($1::text::timestamptz, '-infinity')
        AND a.started_at < coalesce($2::text::timestamptz, 'infinity')
        AND c.without > CASE WHEN $4::boolean THEN 0 ELSE c.failed END
      ORDER BY a.started_at DESC
      LIMIT $3::integer) m;
