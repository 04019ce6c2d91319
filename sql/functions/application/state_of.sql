-- The state of a measurement, as `measurement_status` shows it. The one place that decides it: the state of its row in
-- the queue and whether that row looks for a missing object again, whether it has features (NULL: neither features nor
-- an error row), and the status of its session. It has no settings, so that the planner replaces it by its body.
CREATE OR REPLACE FUNCTION heimdall.state_of(queue_state text, is_recheck boolean, has_features boolean,
                                             session_status text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN queue_state = 'waiting' AND is_recheck THEN 'recheck'
                WHEN queue_state IS NOT NULL THEN queue_state
                WHEN has_features THEN 'done'
                WHEN has_features IS NOT NULL THEN 'failed'
                WHEN heimdall.is_completed(session_status) THEN 'not queued'
                ELSE 'not completed' END
$$;
COMMENT ON FUNCTION heimdall.state_of(text, boolean, boolean, text) IS
    'The state of a measurement: of its row in the queue, else of its result, else of its session.';
