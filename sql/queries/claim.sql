-- Purpose: takes up to $2 measurements off the queue for this worker, the most urgent first. Takes none while the
--   extraction is paused or when the worker has been declared dead.
-- Parameters: $1 worker_id, $2 how many at most
-- Returns: one row per measurement, in the order of claim. iq_data_location is NULL where the measurement or its
--   session no longer exists: forget.sql. recheck: an error row stands already, and its session was announced.
-- Plan, buffers and what lost: functions/claim_measurements.sql
SELECT measurement_id, claim_id, attempt, source, recording_session_id, measured_at, rx_id, rx_lat, rx_lon, frequency_hz,
       iq_data_location, iq_data_format, iq_sample_rate, iq_samples_count, duration_seconds, recheck
FROM heimdall.claim_measurements($1::uuid, $2::integer);
