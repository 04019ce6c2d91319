-- Purpose: the depth of the queue, for the metrics. functions/count_queue.sql bounds the cost.
-- Parameters: none
-- Returns: source ("note": not expanded yet, ready or failed), state, measurements, oldest_s (age of the oldest one), counted_s_ago. source is NULL where nothing
--   is queued.
SELECT c.source, c.state, c.measurements,
       extract(epoch FROM clock_timestamp() - c.oldest_at)::double precision AS oldest_s,
       extract(epoch FROM clock_timestamp() - c.counted_at)::double precision AS counted_s_ago
FROM heimdall.count_queue() c;
