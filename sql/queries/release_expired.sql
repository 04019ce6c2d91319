-- Purpose: takes back what dead daemons held; functions/release_expired.sql says how.
-- Parameters: none
-- Returns: measurement_id, worker_id (the dead one), outcome: 'released' (to be claimed again, at once or within 40 s) or 'crashed'
--   (error row)
-- Plan: worker_heartbeats, and feature_queue_claimed_idx once per owner: 8 buffers, 0.08 ms when nobody has died, with a
--   million queued.
SELECT measurement_id, worker_id, outcome FROM heimdall.release_expired();
