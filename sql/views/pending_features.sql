-- What can be claimed now. It reads one table with a literal predicate, so claims use its partial index, and FOR UPDATE
-- SKIP LOCKED on the view locks rows of the queue only. An autoscaler can count it.
CREATE OR REPLACE VIEW heimdall.pending_features AS
SELECT measurement_id, id, priority, recording_session_id, measured_at, source, backfill_id, attempt, enqueued_at
FROM heimdall.feature_queue
WHERE state = 'ready';

COMMENT ON VIEW heimdall.pending_features IS 'Measurements that a daemon may claim now, in the order (priority, id).';
COMMENT ON COLUMN heimdall.pending_features.measurement_id IS 'The measurement.';
COMMENT ON COLUMN heimdall.pending_features.id IS 'Order of arrival.';
COMMENT ON COLUMN heimdall.pending_features.priority IS
    '0 live, 1 retry and sweep, 2 backfill. Lower numbers come first.';
COMMENT ON COLUMN heimdall.pending_features.recording_session_id IS 'Session of the measurement.';
COMMENT ON COLUMN heimdall.pending_features.measured_at IS 'Time of the measurement.';
COMMENT ON COLUMN heimdall.pending_features.source IS 'What queued it: live, retry, sweep, backfill.';
COMMENT ON COLUMN heimdall.pending_features.backfill_id IS
    'The backfill that counts this measurement, if there is one.';
COMMENT ON COLUMN heimdall.pending_features.attempt IS 'Tries so far.';
COMMENT ON COLUMN heimdall.pending_features.enqueued_at IS 'When it was queued, database clock.';
