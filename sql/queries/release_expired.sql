-- Purpose: releases the claims of daemons whose lease expired; see functions/release_expired.sql.
-- Parameters: none
-- Returns: measurement_id, worker_id (the lost daemon), outcome: 'released' (ready immediately or within 40 s) or
--   'crashed' (it got an error row)
-- Plan: worker_heartbeats, and feature_queue_claimed_idx once per owner: 8 buffers, 0.08 ms when no lease expired, with
--   a million queued.
SELECT measurement_id, worker_id, outcome FROM heimdall.release_expired();
