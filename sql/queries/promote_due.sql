-- Purpose: makes waiting measurements ready when they are due, at most 1,000 at a time (a few milliseconds of locks).
-- Parameters: none
-- Returns: promoted; next_due_ms, milliseconds until the next one is due (0: more are due already, NULL: none waits)
-- Plan: Index Scan using feature_queue_waiting_idx up to now, then one entry after it: 30 buffers, 0.1 ms with half a
--   million waiting and one of them due. The time is an InitPlan, because clock_timestamp() itself is volatile and
--   cannot be an index condition; the statement would then read all waiting rows.
WITH now_is AS MATERIALIZED (
    SELECT clock_timestamp() AS t
), due AS MATERIALIZED (
    SELECT measurement_id FROM heimdall.feature_queue
    WHERE state = 'waiting' AND due_at <= (SELECT t FROM now_is)
    ORDER BY due_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
), set_back AS MATERIALIZED (
    -- No delay is as long as this: the clock was set back.
    SELECT measurement_id FROM heimdall.feature_queue
    -- Those that are due never (park.sql) stay.
    WHERE state = 'waiting' AND due_at > (SELECT t + interval '2 hours' FROM now_is) AND due_at < 'infinity'
    ORDER BY due_at DESC
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
), promoted AS (
    UPDATE heimdall.feature_queue
    SET state = 'ready', due_at = NULL
    WHERE measurement_id = ANY (ARRAY(SELECT measurement_id FROM due UNION ALL SELECT measurement_id FROM set_back))
    RETURNING 1
)
SELECT p.promoted,
       CASE WHEN p.promoted >= 1000 THEN 0
            ELSE (SELECT ceil(extract(epoch FROM due_at - (SELECT t FROM now_is)) * 1000)::bigint
                  FROM heimdall.feature_queue
                  WHERE state = 'waiting' AND due_at > (SELECT t FROM now_is) AND due_at < 'infinity'
                  ORDER BY due_at
                  LIMIT 1)
       END AS next_due_ms
FROM (SELECT count(*) AS promoted FROM promoted) p;
