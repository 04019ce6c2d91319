-- Purpose: the receivers that have features in these days.
-- Parameters: $1 first day, $2 last day; $3 sessions (NULL: all)
-- Returns: rx_id, as in feature_samples; 1,001 at most
-- Plan: as export_days.sql.
SELECT DISTINCT f.rx_id COLLATE "C" AS rx_id
FROM heimdall.application_sessions s
CROSS JOIN LATERAL (
    SELECT coalesce(r.rx_id, r.receiver_features[1] ->> 'rx_id', r.measurement_id::text) AS rx_id
    FROM heimdall.extracted_features r
    WHERE r.recording_session_id = s.session_id AND NOT r.extraction_failed
    OFFSET 0
) f
WHERE s.started_at >= ($1::text)::timestamptz AND s.started_at < ($2::text)::timestamptz + interval '1 day'
  AND ($3::uuid[] IS NULL OR s.session_id = ANY ($3::uuid[]))
ORDER BY 1
LIMIT 1001;
