-- Whether a session with this status counts as completed. It has no settings, so that the planner replaces it by its
-- body.
CREATE OR REPLACE FUNCTION heimdall.is_completed(status text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS 'SELECT status = ANY (heimdall.completed_statuses())';
COMMENT ON FUNCTION heimdall.is_completed(text) IS 'Whether the status is one of completed_statuses().';
