-- Purpose: queues what the triggers missed, once per interval, by the first daemon that asks; the others do not wait.
--   Nine tenths of the interval count as one, because a daemon whose timer is a moment early would skip every other
--   sweep.
--   A time of the last sweep in the future means that the clock was set back.
-- Parameters: $1 maximum number of sessions, $2 interval in ms, $3 whether history from before the installation counts
-- Returns: recordings_found, measurements_queued; no row: another daemon swept within the interval
-- Plan: functions/intake/enqueue_missing.sql bounds it; two seconds at 10 million finished measurements.
WITH turn AS MATERIALIZED (
    UPDATE heimdall.sweep_state
    SET last_sweep_at = clock_timestamp()
    WHERE only_row = (SELECT only_row FROM heimdall.sweep_state
                      WHERE last_sweep_at IS NULL
                         OR last_sweep_at <= clock_timestamp() - $2::bigint * 0.9 * interval '1 millisecond'
                         OR last_sweep_at > clock_timestamp()
                      FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT m.recordings_found, m.measurements_queued
FROM turn CROSS JOIN LATERAL heimdall.enqueue_missing($1::integer, $3::boolean) m;
