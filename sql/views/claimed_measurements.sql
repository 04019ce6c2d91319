-- What the daemons have in hand. A claim whose worker_id is not in extraction_workers is of a lost daemon; another one
-- takes it over.
CREATE OR REPLACE VIEW heimdall.claimed_measurements AS
SELECT q.worker_id, q.measurement_id, q.recording_session_id, q.source, q.attempt, q.recheck, q.claimed_at
FROM heimdall.feature_queue q
WHERE q.state = 'claimed';

COMMENT ON VIEW heimdall.claimed_measurements IS 'Measurements that daemons have in hand.';
COMMENT ON COLUMN heimdall.claimed_measurements.worker_id IS 'The daemon; see extraction_workers.';
COMMENT ON COLUMN heimdall.claimed_measurements.measurement_id IS 'The measurement.';
COMMENT ON COLUMN heimdall.claimed_measurements.recording_session_id IS 'Session of the measurement.';
COMMENT ON COLUMN heimdall.claimed_measurements.source IS 'What queued it: live, retry, sweep, backfill.';
COMMENT ON COLUMN heimdall.claimed_measurements.attempt IS 'Number of this try, from 1.';
COMMENT ON COLUMN heimdall.claimed_measurements.recheck IS
    'Whether it has an error row, and its object is looked for again.';
COMMENT ON COLUMN heimdall.claimed_measurements.claimed_at IS 'When it was claimed, database clock.';
