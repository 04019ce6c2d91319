-- What is still to be done, in one row, with what no daemon has expanded yet: with no daemon at work only the notes grow.
-- An autoscaler reads total. The view counts every row of the queue.
CREATE OR REPLACE VIEW heimdall.feature_backlog AS
SELECT q.live + q.retry + q.backfill + n.noted AS total,
       q.live, q.retry, q.backfill, n.noted, q.claimed, q.waiting,
       n.failed_notes,
       least(q.oldest_at, n.oldest_at) AS oldest_at,
       q.set_aside
FROM (SELECT count(*) FILTER (WHERE priority = 0) AS live,
             count(*) FILTER (WHERE priority = 1) AS retry,
             count(*) FILTER (WHERE priority = 2) AS backfill,
             count(*) FILTER (WHERE state = 'claimed') AS claimed,
             count(*) FILTER (WHERE state = 'waiting') AS waiting,
             count(*) FILTER (WHERE due_at = 'infinity') AS set_aside,
             min(enqueued_at) AS oldest_at
      FROM heimdall.feature_queue) q
CROSS JOIN (SELECT coalesce(sum(size) FILTER (WHERE failure IS NULL), 0)::bigint AS noted,
                   count(*) FILTER (WHERE failure IS NOT NULL) AS failed_notes,
                   min(noted_at) FILTER (WHERE failure IS NULL) AS oldest_at
            FROM heimdall.change_notes) n;

COMMENT ON VIEW heimdall.feature_backlog IS
    'One row: what is still to be done, by priority, with the changes that no daemon has expanded yet.';
COMMENT ON COLUMN heimdall.feature_backlog.total IS 'live + retry + backfill + noted.';
COMMENT ON COLUMN heimdall.feature_backlog.live IS 'Queued measurements of sessions that completed, in any state.';
COMMENT ON COLUMN heimdall.feature_backlog.retry IS 'Queued by retry_failed() or the sweep.';
COMMENT ON COLUMN heimdall.feature_backlog.backfill IS 'Queued by request_backfill().';
COMMENT ON COLUMN heimdall.feature_backlog.noted IS
    'Sessions and measurements that the application has changed and no daemon has looked at yet. Some need no work: '
    'measurements of a session that still records are among them.';
COMMENT ON COLUMN heimdall.feature_backlog.claimed IS 'Of the queued ones: in the hands of daemons.';
COMMENT ON COLUMN heimdall.feature_backlog.waiting IS 'Of the queued ones: a retry whose time has not come.';
COMMENT ON COLUMN heimdall.feature_backlog.failed_notes IS
    'Notes that cannot be expanded, and are set aside: change_notes.failure says why.';
COMMENT ON COLUMN heimdall.feature_backlog.set_aside IS
    'Of the waiting ones: neither a result nor an error row can be written, feature_queue.failure says why.';
COMMENT ON COLUMN heimdall.feature_backlog.oldest_at IS 'Since when the oldest one is outstanding, database clock.';
