-- Purpose: the samples of a day, a row for each session, second and receiver.
-- Parameters: $1 day; $2 sessions (NULL: all)
-- Returns: place (number of the session, in the order of their beginning), then the columns of feature_samples. The rows
--   come by place and second.
-- Plan: the sessions by their time, then for each the rows by measurement_features_session_idx. An OFFSET keeps the view
--   from being joined as a whole, so its condition reaches the index; a nested loop keeps the order of the sessions. The
--   client checks that order, because a sort of all rows would hold a day in temporary files.
SELECT s.place, v.*
FROM (
    SELECT a.session_id, row_number() OVER (ORDER BY a.started_at, a.session_id) AS place
    FROM heimdall.application_sessions a
    WHERE a.started_at >= ($1::text)::timestamptz AND a.started_at < ($1::text)::timestamptz + interval '1 day'
      AND ($2::uuid[] IS NULL OR a.session_id = ANY ($2::uuid[]))
    ORDER BY 2
    OFFSET 0
) s
CROSS JOIN LATERAL (
    SELECT f.* FROM heimdall.feature_samples f WHERE f.recording_session_id = s.session_id ORDER BY f.second OFFSET 0
) v;
