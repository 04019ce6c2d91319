-- Purpose: how many sessions and measurements a backfill would queue.
-- Parameters: $1 since, $2 until, both as text or NULL; $3 sessions at most, or NULL for all; $4 whether failed ones count
-- Returns: report: sessions, measurements
-- Plan: count_session() for each completed session of the range, about 0.1 ms; it stops at $3 sessions.
SELECT jsonb_build_object('sessions', count(*), 'measurements', coalesce(sum(m.missing), 0)) AS report
FROM (SELECT n.missing
      FROM heimdall.session_coverage c
      CROSS JOIN LATERAL (
          SELECT c.measurements_without_features - c.measurements_pending
                 - CASE WHEN $4::boolean THEN 0 ELSE c.measurements_failed END AS missing
      ) n
      WHERE c.session_created_at >= coalesce($1::text::timestamptz, '-infinity')
        AND c.session_created_at < coalesce($2::text::timestamptz, 'infinity')
        AND n.missing > 0
      ORDER BY c.session_created_at DESC
      LIMIT $3::integer) m;
