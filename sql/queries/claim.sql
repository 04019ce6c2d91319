-- Purpose: claims up to $2 measurements for this worker, the most urgent first. Claims none while the extraction is
--   paused, after the worker's lease expired, or when the schema no longer serves its version.
-- Parameters: $1 worker_id, $2 maximum number, $3 for each priority from 0 on, claim only ids above this one; NULL: all
-- Returns: one row per measurement, in the order of the claim, with its position in the queue (priority, id).
--   iq_data_location is NULL where the measurement or its session no longer exists: discard.sql. is_hidden: it is NULL
--   because row-level security may hide it: snooze.sql. recheck: an error row exists, and the session was announced.
--   source_fingerprint: what the row must be stored with. bad_value: a value of the application that no recording has.
--   known_etag: an object with this entity tag has its features already: keep_features.sql.
-- Plan, buffers and slower alternatives: functions/claim_measurements.sql
SELECT measurement_id, claim_id, attempt, source, recording_session_id, measured_at, rx_id, rx_lat, rx_lon,
       frequency_hz, iq_data_location, iq_data_format, iq_sample_rate, iq_samples_count, duration_seconds, recheck,
       priority, id, source_fingerprint, is_hidden, bad_value, known_etag
FROM heimdall.claim_measurements($1::uuid, $2::integer, $3::bigint[]);
