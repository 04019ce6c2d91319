-- Purpose: measurements by station and by object, the latest sessions first.
-- Parameters: $1 since, $2 until, both as text or NULL, for the start of the session; $3 a part of the station's name or
--   NULL; $4 a part of the object's location or NULL; $5 sessions that are looked at, at most; $6 results at most
-- Returns: report: sessions (how many were looked at), found (measurement_id, recording_session_id, rx_id, measured_at,
--   iq_data_location, state as in measurement_status, reason)
-- Plan: the index on the start of the application's sessions, backwards, then the measurements of each within a day of its
--   start: only one or two partitions of a table that is partitioned by time.
WITH sessions AS MATERIALIZED (
    SELECT a.session_id, a.status, a.started_at
    FROM heimdall.application_sessions a
    WHERE a.started_at >= coalesce($1::text::timestamptz, '-infinity')
      AND a.started_at < coalesce($2::text::timestamptz, 'infinity')
    ORDER BY a.started_at DESC
    LIMIT $5::integer
), found AS MATERIALIZED (
    SELECT s.status, s.started_at, m.*
    FROM sessions s
    CROSS JOIN LATERAL (
        SELECT v.measurement_id, v.recording_session_id, v.rx_id, v.measured_at, v.iq_data_location
        FROM heimdall.session_measurements v
        WHERE v.recording_session_id = s.session_id
          AND v.created_at BETWEEN s.started_at - interval '1 day' AND s.started_at + interval '1 day'
          AND ($3::text IS NULL OR strpos(lower(v.rx_id), lower($3::text)) > 0)
          AND ($4::text IS NULL OR strpos(v.iq_data_location, $4::text) > 0)
        ORDER BY v.rx_id
        LIMIT $6::integer
    ) m
    LIMIT $6::integer
)
SELECT jsonb_build_object(
           'sessions', (SELECT count(*) FROM sessions),
           'found', coalesce(jsonb_agg(to_jsonb(f) || jsonb_build_object(
               'state', heimdall.state_of(q.state, q.recheck, r.good, f.status),
               'reason', r.error_message) ORDER BY f.started_at DESC, f.rx_id), '[]')) AS report
FROM found f
CROSS JOIN LATERAL (
    SELECT bool_or(NOT e.extraction_failed) AS good, max(e.error_message) AS error_message
    FROM heimdall.extracted_features e
    WHERE e.measurement_id = f.measurement_id
) r
LEFT JOIN LATERAL (
    SELECT p.state, p.recheck FROM heimdall.feature_queue p WHERE p.measurement_id = f.measurement_id LIMIT 1
) q ON true;
