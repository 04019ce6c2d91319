-- Purpose: a session and its measurements: state, reason, next try, result.
-- Parameters: $1 session, $2 how many measurements at most
-- Returns: report; no row: no session has this id
-- Plan: look-ups by session and by measurement; functions/status_of.sql.
WITH status AS MATERIALIZED (
    SELECT * FROM heimdall.status_of(session => $1::uuid)
), place AS MATERIALIZED (
    SELECT * FROM heimdall.session_measurements WHERE recording_session_id = $1::uuid
)
SELECT to_jsonb(r) AS report
FROM (SELECT s.session_id, s.status, heimdall.is_completed(s.status) IS TRUE AS is_completed, s.started_at,
             s.duration_seconds, s.frequency_hz,
             (SELECT c.state FROM heimdall.session_coverage c WHERE c.recording_session_id = s.session_id) AS coverage,
             (SELECT to_jsonb(t) - 'recording_session_id' - 'frequency_hz' FROM heimdall.session_transmitters t
              WHERE t.recording_session_id = s.session_id AND t.tx_known LIMIT 1) AS transmitter,
             (SELECT count(*) FROM status) AS measurements,
             (SELECT coalesce(jsonb_agg(m.receiver ORDER BY m.rx_id, m.measured_at, m.measurement_id), '[]')
              FROM (SELECT t.rx_id, t.measured_at, t.measurement_id, jsonb_build_object(
                               'measurement_id', t.measurement_id, 'rx_id', t.rx_id, 'rx_lat', p.rx_lat, 'rx_lon', p.rx_lon,
                               'measured_at', t.measured_at, 'frequency_hz', p.frequency_hz,
                               'iq_data_location', t.iq_data_location,
                               'state', t.state, 'reason', t.reason, 'since', t.since,
                               'age_s', extract(epoch FROM now() - t.since), 'attempts', t.attempts,
                               'has_features', t.has_features, 'error_kind', t.error_kind, 'worker_id', t.worker_id,
                               'next_try_at', t.next_try_at, 'next_try_s', extract(epoch FROM t.next_try_at - now()),
                               'mean_snr_db', f.mean_snr_db, 'confidence', f.overall_confidence,
                               'is_signal_present', f.num_receivers_detected > 0,
                               'segments', f.segments, 'duration_ms', f.duration_ms, 'warnings', f.warnings) AS receiver
                    FROM (SELECT * FROM status ORDER BY rx_id, measured_at, measurement_id LIMIT $2::integer) t
                    LEFT JOIN place p ON p.measurement_id = t.measurement_id
                    LEFT JOIN LATERAL (
                        SELECT g.mean_snr_db, g.overall_confidence, g.num_receivers_detected,
                               g.extraction_metadata -> 'num_segments' AS segments,
                               g.extraction_metadata -> 'iq_duration_ms' AS duration_ms,
                               coalesce(g.extraction_metadata -> 'warnings', '[]') AS warnings
                        FROM heimdall.extracted_features g
                        WHERE g.measurement_id = t.measurement_id AND NOT g.extraction_failed
                        ORDER BY g.updated_at DESC LIMIT 1
                    ) f ON true) m) AS receivers
      FROM heimdall.application_sessions s
      WHERE s.session_id = $1::uuid) r;
