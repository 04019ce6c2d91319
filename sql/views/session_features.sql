-- One training sample per row: the features of all receivers of a session in the same second. Fast for one session.
CREATE OR REPLACE VIEW heimdall.session_features AS
SELECT a.recording_session_id, a.second, a.timestamp,
       coalesce(t.frequency_hz, a.frequency_hz) AS frequency_hz,
       a.receiver_features,
       heimdall.missing_receivers(a.recording_session_id, a.receivers) AS receivers_missing,
       a.num_receivers, a.num_receivers_detected, a.mean_snr_db, a.overall_confidence,
       t.tx_known, t.tx_latitude, t.tx_longitude, t.tx_altitude_m, t.tx_power_dbm
FROM (
    SELECT f.recording_session_id, f.second, f.second_at AS timestamp,
           min((f.extraction_metadata ->> 'frequency_hz')::bigint) AS frequency_hz,
           array_agg(CASE WHEN jsonb_typeof(f.features -> 'signal_present') = 'object'
                          THEN jsonb_set(f.features, '{signal_present}', to_jsonb(f.signal_present))
                          ELSE f.features END
                     ORDER BY f.rx_id) AS receiver_features,
           array_agg(f.rx_id) AS receivers,
           count(*)::integer AS num_receivers,
           (count(*) FILTER (WHERE f.signal_present))::integer AS num_receivers_detected,
           avg((f.features #>> '{snr_db,mean}')::double precision) AS mean_snr_db,
           avg((f.features #>> '{delay_spread_confidence,mean}')::double precision) AS overall_confidence
    FROM heimdall.aligned_features f
    GROUP BY f.recording_session_id, f.second, f.second_at
) a
JOIN heimdall.session_transmitters t ON t.recording_session_id = a.recording_session_id;

COMMENT ON VIEW heimdall.session_features IS
    'One row per session and second, with the feature objects of its receivers side by side: one training sample. The '
    'objects are aligned by time: the measurement''s time plus segment_start_ms.';
COMMENT ON COLUMN heimdall.session_features.recording_session_id IS 'The session.';
COMMENT ON COLUMN heimdall.session_features.second IS 'Number of the second in the session, from 0.';
COMMENT ON COLUMN heimdall.session_features.timestamp IS
    'When the second begins. The receivers'' own beginnings are within half a second of it.';
COMMENT ON COLUMN heimdall.session_features.frequency_hz IS
    'Centre frequency in Hz: of the session, else of its measurements, if the application stores one.';
COMMENT ON COLUMN heimdall.session_features.receiver_features IS
    'One object per receiver, in the order of rx_id, each receiver at most once.';
COMMENT ON COLUMN heimdall.session_features.receivers_missing IS
    'Receivers that have a measurement in the session and no features in this second: it failed, is not extracted yet, '
    'or they recorded nothing. measurement_status says why. Leave this column out of queries for many sessions: it takes '
    'a search for each row.';
COMMENT ON COLUMN heimdall.session_features.num_receivers IS 'Number of receivers in receiver_features.';
COMMENT ON COLUMN heimdall.session_features.num_receivers_detected IS
    'Receivers with a signal in most chunks of this second.';
COMMENT ON COLUMN heimdall.session_features.mean_snr_db IS 'Mean of snr_db over the receivers, in dB.';
COMMENT ON COLUMN heimdall.session_features.overall_confidence IS
    'Mean delay_spread_confidence over the receivers, 0 to 1.';
COMMENT ON COLUMN heimdall.session_features.tx_known IS 'Whether the transmitter''s position is known.';
COMMENT ON COLUMN heimdall.session_features.tx_latitude IS
    'Latitude of the transmitter in degrees, where the application knows it, else NULL.';
COMMENT ON COLUMN heimdall.session_features.tx_longitude IS
    'Longitude of the transmitter in degrees, where the application knows it, else NULL.';
COMMENT ON COLUMN heimdall.session_features.tx_altitude_m IS 'Altitude of the transmitter in metres, or NULL.';
COMMENT ON COLUMN heimdall.session_features.tx_power_dbm IS 'Power of the transmitter in dBm, or NULL.';
