-- Each backfill with its progress, rate and estimated end. The rate is the average since the request. The rechecks are
-- counted in one pass over the waiting rows of the queue.
CREATE OR REPLACE VIEW heimdall.backfill_progress AS
SELECT b.backfill_id, b.requested_by, b.requested_at,
       CASE WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'
            WHEN b.finished_at IS NOT NULL THEN 'finished'
            WHEN (SELECT e.paused FROM heimdall.extraction_control e) THEN 'paused'
            WHEN r.rechecking >= b.total - b.done - b.failed THEN 'rechecking'
            WHEN b.done + b.failed + coalesce(r.rechecking, 0) > 0 THEN 'running'
            ELSE 'queued'
       END AS state,
       b.recordings_found, b.total, b.done, b.failed,
       CASE WHEN b.total = 0 THEN 100.00 ELSE round((b.done + b.failed) * 100.0 / b.total, 2) END AS percent,
       round(((b.done + b.failed) / p.seconds)::numeric, 2) AS rate_per_second,
       CASE WHEN b.finished_at IS NULL AND b.cancelled_at IS NULL AND b.done + b.failed > 0
                 AND NOT (SELECT e.paused FROM heimdall.extraction_control e)
            THEN clock_timestamp()
                 + (b.total - b.done - b.failed) * p.seconds / (b.done + b.failed) * interval '1 second'
       END AS estimated_end,
       b.finished_at,
       b.cancelled,
       coalesce(r.rechecking, 0) AS rechecking
FROM (
    -- With what transactions have finished and keep_backfills() has not added yet.
    SELECT k.backfill_id, k.requested_by, k.requested_at, k.recordings_found, k.total,
           (k.done + coalesce(n.done, 0))::bigint AS done, (k.failed + coalesce(n.failed, 0))::bigint AS failed,
           k.finished_at, k.cancelled_at, k.cancelled
    FROM heimdall.backfills k
    LEFT JOIN (SELECT c.backfill_id, sum(c.done) AS done, sum(c.failed) AS failed
               FROM heimdall.backfill_changes c GROUP BY c.backfill_id) n USING (backfill_id)
) b
LEFT JOIN (
    SELECT q.backfill_id, count(*) AS rechecking
    FROM heimdall.feature_queue q
    WHERE q.state = 'waiting' AND q.recheck
    GROUP BY q.backfill_id
) r ON r.backfill_id = b.backfill_id AND b.finished_at IS NULL
CROSS JOIN LATERAL (
    -- At least a millisecond, so that an empty backfill has a rate too.
    SELECT greatest(extract(epoch FROM coalesce(b.finished_at, clock_timestamp()) - b.requested_at)::double precision,
                    0.001) AS seconds
) p;

COMMENT ON VIEW heimdall.backfill_progress IS 'Each call of request_backfill() with its progress.';
COMMENT ON COLUMN heimdall.backfill_progress.backfill_id IS 'The request; the argument of cancel_backfill().';
COMMENT ON COLUMN heimdall.backfill_progress.requested_by IS 'The database user who made the request.';
COMMENT ON COLUMN heimdall.backfill_progress.requested_at IS 'When the request was made, database clock.';
COMMENT ON COLUMN heimdall.backfill_progress.state IS
    'queued: no result yet. running. rechecking: all others are done, and the objects that do not exist are looked for '
    'again. finished. cancelled. paused: nothing is extracted, see extraction_control.';
COMMENT ON COLUMN heimdall.backfill_progress.recordings_found IS
    'Sessions in which the request found something to queue.';
COMMENT ON COLUMN heimdall.backfill_progress.total IS
    'Measurements queued, without those that were cancelled and those that no longer exist.';
COMMENT ON COLUMN heimdall.backfill_progress.done IS 'Measurements that got features.';
COMMENT ON COLUMN heimdall.backfill_progress.failed IS
    'Measurements that failed for good. Those of rechecking have an error row too.';
COMMENT ON COLUMN heimdall.backfill_progress.percent IS 'done + failed as a share of total, in per cent.';
COMMENT ON COLUMN heimdall.backfill_progress.rate_per_second IS 'Measurements per second since the request.';
COMMENT ON COLUMN heimdall.backfill_progress.estimated_end IS
    'When it ends at this rate; NULL before the first result, after the end, when it is cancelled or paused.';
COMMENT ON COLUMN heimdall.backfill_progress.finished_at IS 'When the last result was written; NULL until then.';
COMMENT ON COLUMN heimdall.backfill_progress.cancelled IS
    'Measurements that were cancelled; they do not count in total.';
COMMENT ON COLUMN heimdall.backfill_progress.rechecking IS
    'Measurements with an error row not_found whose object is looked for again; they count in neither done nor failed.';
