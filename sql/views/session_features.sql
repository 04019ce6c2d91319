-- One training sample per row: the features of all receivers of a session in the same segment.
CREATE OR REPLACE VIEW heimdall.session_features AS
SELECT f.recording_session_id,
       (r.features ->> 'segment_index')::integer AS segment_index,
       min((r.features ->> 'segment_start_ms')::double precision) AS segment_start_ms,
       min(f.timestamp) AS timestamp,
       array_agg(r.features ORDER BY r.features ->> 'rx_id', f.timestamp, f.measurement_id) AS receiver_features,
       count(*)::integer AS num_receivers,
       (count(*) FILTER (WHERE (r.features #>> '{signal_present,mean}')::double precision > 0.5))::integer
           AS num_receivers_detected,
       avg((r.features #>> '{snr_db,mean}')::double precision) AS mean_snr_db,
       avg((r.features #>> '{delay_spread_confidence,mean}')::double precision) AS overall_confidence
FROM heimdall.extracted_features f
CROSS JOIN LATERAL unnest(f.receiver_features) AS r (features)
WHERE NOT f.extraction_failed AND f.recording_session_id IS NOT NULL
GROUP BY f.recording_session_id, (r.features ->> 'segment_index')::integer;

COMMENT ON VIEW heimdall.session_features IS
    'One row per session and 1000 ms segment, with the feature objects of its receivers: one training sample. '
    'Receivers that failed are absent.';
COMMENT ON COLUMN heimdall.session_features.recording_session_id IS 'The session.';
COMMENT ON COLUMN heimdall.session_features.segment_index IS 'Number of the segment, from 0.';
COMMENT ON COLUMN heimdall.session_features.segment_start_ms IS 'Start of the segment within the recording, in ms.';
COMMENT ON COLUMN heimdall.session_features.timestamp IS 'Time of the earliest measurement.';
COMMENT ON COLUMN heimdall.session_features.receiver_features IS 'One object per receiver, in the order of rx_id.';
COMMENT ON COLUMN heimdall.session_features.num_receivers IS 'Number of receivers in receiver_features.';
COMMENT ON COLUMN heimdall.session_features.num_receivers_detected IS
    'Receivers with a signal in most chunks of this segment.';
COMMENT ON COLUMN heimdall.session_features.mean_snr_db IS 'Mean of snr_db over the receivers, in dB.';
COMMENT ON COLUMN heimdall.session_features.overall_confidence IS
    'Mean delay_spread_confidence over the receivers, 0 to 1.';
