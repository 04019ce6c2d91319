-- Purpose: a session's measurements with their results.
-- Parameters: $1 session
-- Returns: one row per measurement and result. The numbers are means over the recording's segments. Carrier offset and
--   bandwidth are those of the extended features, NULL where they are unknown.
SELECT m.rx_id AS station, m.measurement_id, f.measurement_id IS NOT NULL AS has_result,
       f.mean_snr_db AS snr_db, f.overall_confidence AS confidence, f.num_receivers_detected AS detected,
       f.error_message, r.offset_hz, r.bandwidth_hz, r.signal_fraction
FROM heimdall.session_measurements m
LEFT JOIN heimdall.measurement_features f ON f.measurement_id = m.measurement_id
LEFT JOIN LATERAL (
    SELECT avg((s -> 'extended' -> 'carrier_offset_hz' -> 'mean')::double precision) AS offset_hz,
           avg((s -> 'extended' -> 'occupied_bandwidth_99_hz' -> 'mean')::double precision) AS bandwidth_hz,
           avg((s -> 'extended' -> 'detection_rate')::double precision) AS signal_fraction
    FROM unnest(f.receiver_features) AS s
) r ON true
WHERE m.recording_session_id = $1::uuid
ORDER BY f.mean_snr_db DESC NULLS LAST, m.rx_id;
