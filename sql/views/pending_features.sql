-- What can be claimed now. One table and a literal predicate: claims use its partial index, FOR UPDATE SKIP LOCKED
-- on the view locks rows of the queue and nothing of the application's, and an autoscaler can count it.
CREATE OR REPLACE VIEW heimdall.pending_features AS
SELECT measurement_id, id, priority, recording_session_id, measured_at, source, backfill_id, attempt, enqueued_at
FROM heimdall.feature_queue
WHERE state = 'ready';

COMMENT ON VIEW heimdall.pending_features IS 'Measurements that a daemon may claim now, in the order (priority, id).';
COMMENT ON COLUMN heimdall.pending_features.measurement_id IS 'The measurement.';
COMMENT ON COLUMN heimdall.pending_features.id IS 'Order of arrival.';
COMMENT ON COLUMN heimdall.pending_features.priority IS '0 live, 1 retry and sweep, 2 backfill; lower first.';
COMMENT ON COLUMN heimdall.pending_features.recording_session_id IS 'Its session.';
COMMENT ON COLUMN heimdall.pending_features.measured_at IS 'Time of the measurement.';
COMMENT ON COLUMN heimdall.pending_features.source IS 'What queued it: live, retry, sweep, backfill.';
COMMENT ON COLUMN heimdall.pending_features.backfill_id IS 'The backfill that counts it, if one does.';
COMMENT ON COLUMN heimdall.pending_features.attempt IS 'Tries so far.';
COMMENT ON COLUMN heimdall.pending_features.enqueued_at IS 'When it was queued.';
