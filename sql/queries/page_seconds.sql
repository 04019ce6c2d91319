-- Purpose: the seconds of a session, a row for each recording.
-- Parameters: $1 session; $2 seconds at most
-- Returns: report: measurement_id, seconds (start_ms, snr_db, presence 0 to 1)
-- Plan: measurement_features_session_idx; the objects of the rows found are read.
SELECT jsonb_build_object(
           'measurement_id', f.measurement_id,
           'seconds', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'start_ms', s.o -> 'segment_start_ms', 'snr_db', s.o -> 'snr_db' -> 'mean',
                                  'presence', s.o -> 'extended' -> 'detection_rate') ORDER BY s.n), '[]')
                       FROM unnest(f.receiver_features[1 : $2::integer]) WITH ORDINALITY AS s (o, n))) AS report
FROM heimdall.extracted_features f
WHERE f.recording_session_id = $1::uuid AND NOT f.extraction_failed;
