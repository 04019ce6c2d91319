-- Purpose: the queue by source and state. functions/count_queue.sql bounds the cost.
-- Parameters: none
-- Returns: report: source, state, measurements, oldest_s (age of the oldest one), counted_s_ago. The source "note" stands
--   for changes that are not expanded yet (ready) or cannot be (failed), "parked" for measurements that wait until
--   somebody acts; they are among those that wait too. source is NULL where nothing is queued.
SELECT jsonb_build_object(
           'source', c.source, 'state', c.state, 'measurements', c.measurements,
           'oldest_s', extract(epoch FROM clock_timestamp() - c.oldest_at),
           'counted_s_ago', extract(epoch FROM clock_timestamp() - c.counted_at)) AS report
FROM heimdall.count_queue() c
ORDER BY c.source, c.state;
