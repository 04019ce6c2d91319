-- Purpose: the latest sessions that began in [since, until), with how far they are.
-- Parameters: $1 since, $2 until, both as text or NULL; $3 how many at most
-- Returns: report: session_id, status, is_completed, started_at, duration_seconds, frequency_hz; total, with_features,
--   failed, pending: the kept counts, NULL while none are kept
-- Plan: the index on the start of the application's sessions, backwards; session_counts_pkey for each one shown.
SELECT to_jsonb(s) || coalesce(to_jsonb(c), '{}') AS report
FROM (SELECT a.session_id, a.status, heimdall.is_completed(a.status) IS TRUE AS is_completed, a.started_at,
             a.duration_seconds, a.frequency_hz
      FROM heimdall.application_sessions a
      WHERE a.started_at >= coalesce($1::text::timestamptz, '-infinity')
        AND a.started_at < coalesce($2::text::timestamptz, 'infinity')
      ORDER BY a.started_at DESC
      LIMIT $3::integer) s
LEFT JOIN LATERAL (
    SELECT k.measurements AS total, k.with_features, k.failed, k.pending
    FROM heimdall.session_counts k
    WHERE k.recording_session_id = s.session_id
    LIMIT 1
) c ON true
ORDER BY s.started_at DESC;
