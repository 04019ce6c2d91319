-- Times of windows, without an error for times that no recording has. They have no settings, so that the planner
-- replaces them by their bodies.
CREATE OR REPLACE FUNCTION heimdall.window_end(started_at timestamptz, seconds double precision) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN started_at BETWEEN '0001-01-01 00:00Z' AND '9999-12-31 00:00Z' AND seconds BETWEEN 0 AND 604800
                THEN started_at + seconds * interval '1 second' END
$$;
COMMENT ON FUNCTION heimdall.window_end(timestamptz, double precision) IS
    'The end of a window; NULL for a start before the year 1 or after 9999, and for a length that no session has.';

CREATE OR REPLACE FUNCTION heimdall.earlier(at timestamptz, span interval) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN at BETWEEN '0001-01-01 00:00Z' AND '9999-12-31 00:00Z' THEN at - span END $$;
COMMENT ON FUNCTION heimdall.earlier(timestamptz, interval) IS
    'A time before this one; NULL for a time before the year 1 or after 9999.';
