-- Purpose: measurements that failed with one kind of error, the last ones first.
-- Parameters: $1 error_kind; $2 since, $3 until, both as text or NULL, for the time of the failure; $4 results at most
-- Returns: report: as found in page_search.sql; the measurement's own columns are NULL where it no longer exists
-- Plan: Index Scan Backward using measurement_features_failed_idx; each measurement in the partition of its time.
SELECT jsonb_build_object(
           'measurement_id', f.measurement_id, 'recording_session_id', f.recording_session_id, 'rx_id', m.rx_id,
           'measured_at', f.timestamp, 'iq_data_location', m.iq_data_location, 'reason', f.error_message,
           'state', heimdall.state_of(q.state, q.recheck, false, NULL)) AS report
FROM (SELECT e.measurement_id, e.recording_session_id, e.timestamp, e.updated_at, e.error_message
      FROM heimdall.extracted_features e
      WHERE e.extraction_failed AND e.error_kind = $1::text
        AND e.updated_at >= coalesce($2::text::timestamptz, '-infinity')
        AND e.updated_at < coalesce($3::text::timestamptz, 'infinity')
      ORDER BY e.updated_at DESC
      LIMIT $4::integer) f
LEFT JOIN LATERAL (
    SELECT v.rx_id, v.iq_data_location
    FROM heimdall.session_measurements v
    WHERE v.measurement_id = f.measurement_id AND v.created_at = f.timestamp
    LIMIT 1
) m ON true
LEFT JOIN LATERAL (
    SELECT p.state, p.recheck FROM heimdall.feature_queue p WHERE p.measurement_id = f.measurement_id LIMIT 1
) q ON true
ORDER BY f.updated_at DESC;
