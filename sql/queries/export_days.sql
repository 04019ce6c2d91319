-- Purpose: the days whose sessions have features, and a mark of each day that changes with its samples.
-- Parameters: $1 first day, $2 last day; $3 sessions (NULL: all)
-- Returns: day, sessions (with features), mark
-- Plan: the sessions by their time, then the rows of each by measurement_features_session_idx. Their objects are not read.
SELECT to_char(s.started_at, 'YYYY-MM-DD') AS day, count(*) AS sessions,
       concat_ws('/', count(*), sum(f.results), sum(f.hash + t.hash)) AS mark
FROM heimdall.application_sessions s
CROSS JOIN LATERAL (
    SELECT count(*) AS results,
           sum(hashtextextended(concat_ws(' ', r.measurement_id, r.timestamp, r.updated_at), 0)) AS hash
    FROM heimdall.extracted_features r
    WHERE r.recording_session_id = s.session_id AND NOT r.extraction_failed
) f
CROSS JOIN LATERAL (
    SELECT hashtextextended(concat_ws(' ', s.started_at, t::text), 0) AS hash
    FROM heimdall.session_transmitters t
    WHERE t.recording_session_id = s.session_id
    LIMIT 1
) t
WHERE s.started_at >= ($1::text)::timestamptz AND s.started_at < ($2::text)::timestamptz + interval '1 day'
  AND ($3::uuid[] IS NULL OR s.session_id = ANY ($3::uuid[]))
  AND f.results > 0
GROUP BY 1
ORDER BY 1;
