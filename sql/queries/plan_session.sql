-- Purpose: to how many measurements of a session an action would apply.
-- Parameters: $1 session
-- Returns: report: later (queued, and not before all others), in_flight, done (with features, not queued)
-- Plan: feature_queue_session_idx; functions/status_of.sql
SELECT jsonb_build_object(
           'later', (SELECT count(*) FROM heimdall.feature_queue q
                     WHERE q.recording_session_id = $1::uuid AND q.priority > 0 AND q.state <> 'claimed'),
           'in_flight', count(*) FILTER (WHERE t.state = 'claimed'),
           'done', count(*) FILTER (WHERE t.state = 'done')) AS report
FROM heimdall.status_of(session => $1::uuid) t;
