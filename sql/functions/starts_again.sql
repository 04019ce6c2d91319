-- Whether a queued measurement starts again from its first attempt: its object, receiver or session is another one now.
CREATE OR REPLACE FUNCTION heimdall.starts_again(queued heimdall.feature_queue, current heimdall.feature_queue)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(queued.source_fingerprint <> current.source_fingerprint, false)
        OR queued.recording_session_id <> current.recording_session_id
$$;
COMMENT ON FUNCTION heimdall.starts_again(heimdall.feature_queue, heimdall.feature_queue) IS
    'Whether a queued measurement must start again, because its object, receiver or session has changed.';
