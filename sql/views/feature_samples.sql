-- Training samples, flat: one row per session, second and receiver, with a column for each number. Written by
-- dsp/tests/dictionary. A column that a query does not name costs nothing.
CREATE OR REPLACE VIEW heimdall.feature_samples AS
SELECT f.recording_session_id,
       f.second,
       f.second_at AS timestamp,
       f.rx_id,
       (f.features ->> 'rx_lat')::double precision AS rx_lat,
       (f.features ->> 'rx_lon')::double precision AS rx_lon,
       coalesce(t.frequency_hz, (f.extraction_metadata ->> 'frequency_hz')::bigint) AS frequency_hz,
       t.tx_known,
       t.tx_latitude,
       t.tx_longitude,
       t.tx_altitude_m,
       t.tx_power_dbm,
       f.measurement_id,
       f.measured_at,
       (f.features ->> 'num_chunks')::integer AS num_chunks,
       f.signal_present,
       (f.features -> 'rssi_dbm' ->> 'mean')::double precision AS rssi_dbm_mean,
       (f.features -> 'rssi_dbm' ->> 'std')::double precision AS rssi_dbm_std,
       (f.features -> 'snr_db' ->> 'mean')::double precision AS snr_db_mean,
       (f.features -> 'snr_db' ->> 'std')::double precision AS snr_db_std,
       (f.features -> 'noise_floor_dbm' ->> 'mean')::double precision AS noise_floor_dbm_mean,
       (f.features -> 'noise_floor_dbm' ->> 'std')::double precision AS noise_floor_dbm_std,
       (f.features -> 'frequency_offset_hz' ->> 'mean')::double precision AS frequency_offset_hz_mean,
       (f.features -> 'frequency_offset_hz' ->> 'std')::double precision AS frequency_offset_hz_std,
       (f.features -> 'bandwidth_hz' ->> 'mean')::double precision AS bandwidth_hz_mean,
       (f.features -> 'bandwidth_hz' ->> 'std')::double precision AS bandwidth_hz_std,
       (f.features -> 'psd_dbm_per_hz' ->> 'mean')::double precision AS psd_dbm_per_hz_mean,
       (f.features -> 'psd_dbm_per_hz' ->> 'std')::double precision AS psd_dbm_per_hz_std,
       (f.features -> 'spectral_centroid_hz' ->> 'mean')::double precision AS spectral_centroid_hz_mean,
       (f.features -> 'spectral_centroid_hz' ->> 'std')::double precision AS spectral_centroid_hz_std,
       (f.features -> 'spectral_rolloff_hz' ->> 'mean')::double precision AS spectral_rolloff_hz_mean,
       (f.features -> 'spectral_rolloff_hz' ->> 'std')::double precision AS spectral_rolloff_hz_std,
       (f.features -> 'envelope_mean' ->> 'mean')::double precision AS envelope_mean_mean,
       (f.features -> 'envelope_mean' ->> 'std')::double precision AS envelope_mean_std,
       (f.features -> 'envelope_std' ->> 'mean')::double precision AS envelope_std_mean,
       (f.features -> 'envelope_std' ->> 'std')::double precision AS envelope_std_std,
       (f.features -> 'envelope_max' ->> 'mean')::double precision AS envelope_max_mean,
       (f.features -> 'envelope_max' ->> 'std')::double precision AS envelope_max_std,
       (f.features -> 'peak_to_avg_ratio_db' ->> 'mean')::double precision AS peak_to_avg_ratio_db_mean,
       (f.features -> 'peak_to_avg_ratio_db' ->> 'std')::double precision AS peak_to_avg_ratio_db_std,
       (f.features -> 'zero_crossing_rate' ->> 'mean')::double precision AS zero_crossing_rate_mean,
       (f.features -> 'zero_crossing_rate' ->> 'std')::double precision AS zero_crossing_rate_std,
       (f.features -> 'multipath_delay_spread_us' ->> 'mean')::double precision AS multipath_delay_spread_us_mean,
       (f.features -> 'multipath_delay_spread_us' ->> 'std')::double precision AS multipath_delay_spread_us_std,
       (f.features -> 'coherence_bandwidth_khz' ->> 'mean')::double precision AS coherence_bandwidth_khz_mean,
       (f.features -> 'coherence_bandwidth_khz' ->> 'std')::double precision AS coherence_bandwidth_khz_std,
       (f.features -> 'delay_spread_confidence' ->> 'mean')::double precision AS delay_spread_confidence_mean,
       (f.features -> 'delay_spread_confidence' ->> 'std')::double precision AS delay_spread_confidence_std,
       (f.features -> 'confidence_score' ->> 'mean')::double precision AS confidence_score_mean,
       (f.features -> 'confidence_score' ->> 'std')::double precision AS confidence_score_std,
       (f.features -> 'extended' ->> 'detection_rate')::double precision AS detection_rate,
       (f.features -> 'extended' -> 'power_dbfs' ->> 'mean')::double precision AS power_dbfs_mean,
       (f.features -> 'extended' -> 'power_dbfs' ->> 'std')::double precision AS power_dbfs_std,
       (f.features -> 'extended' -> 'snr_unbiased_db' ->> 'mean')::double precision AS snr_unbiased_db_mean,
       (f.features -> 'extended' -> 'snr_unbiased_db' ->> 'std')::double precision AS snr_unbiased_db_std,
       (f.features -> 'extended' -> 'noise_density_dbfs_hz' ->> 'mean')::double precision AS noise_density_dbfs_hz_mean,
       (f.features -> 'extended' -> 'noise_density_dbfs_hz' ->> 'std')::double precision AS noise_density_dbfs_hz_std,
       (f.features -> 'extended' -> 'occupied_bandwidth_99_hz' ->> 'mean')::double precision AS occupied_bandwidth_99_hz_mean,
       (f.features -> 'extended' -> 'occupied_bandwidth_99_hz' ->> 'std')::double precision AS occupied_bandwidth_99_hz_std,
       (f.features -> 'extended' -> 'occupied_lower_edge_hz' ->> 'mean')::double precision AS occupied_lower_edge_hz_mean,
       (f.features -> 'extended' -> 'occupied_lower_edge_hz' ->> 'std')::double precision AS occupied_lower_edge_hz_std,
       (f.features -> 'extended' -> 'occupied_upper_edge_hz' ->> 'mean')::double precision AS occupied_upper_edge_hz_mean,
       (f.features -> 'extended' -> 'occupied_upper_edge_hz' ->> 'std')::double precision AS occupied_upper_edge_hz_std,
       (f.features -> 'extended' -> 'carrier_offset_hz' ->> 'mean')::double precision AS carrier_offset_hz_mean,
       (f.features -> 'extended' -> 'carrier_offset_hz' ->> 'std')::double precision AS carrier_offset_hz_std,
       (f.features -> 'extended' -> 'spectral_flatness' ->> 'mean')::double precision AS spectral_flatness_mean,
       (f.features -> 'extended' -> 'spectral_flatness' ->> 'std')::double precision AS spectral_flatness_std,
       (f.features -> 'extended' -> 'envelope_kurtosis' ->> 'mean')::double precision AS envelope_kurtosis_mean,
       (f.features -> 'extended' -> 'envelope_kurtosis' ->> 'std')::double precision AS envelope_kurtosis_std,
       (f.features -> 'extended' -> 'duty_cycle' ->> 'mean')::double precision AS duty_cycle_mean,
       (f.features -> 'extended' -> 'duty_cycle' ->> 'std')::double precision AS duty_cycle_std,
       f.features -> 'quality' -> 'warnings' AS warnings
FROM heimdall.aligned_features f
JOIN heimdall.session_transmitters t ON t.recording_session_id = f.recording_session_id;

COMMENT ON VIEW heimdall.feature_samples IS
    'One row per session, second and receiver, with a typed column for each number: session_features, flat. '
    'feature_dictionary defines the numbers.';
COMMENT ON COLUMN heimdall.feature_samples.recording_session_id IS
    'The session.';
COMMENT ON COLUMN heimdall.feature_samples.second IS
    'Number of the second in the session, from 0; the same as in session_features.';
COMMENT ON COLUMN heimdall.feature_samples.timestamp IS
    'When the second begins. The receiver''s own beginning is within half a second of it.';
COMMENT ON COLUMN heimdall.feature_samples.rx_id IS
    'The receiver''s name.';
COMMENT ON COLUMN heimdall.feature_samples.rx_lat IS
    'Latitude of the receiver in degrees, or NULL.';
COMMENT ON COLUMN heimdall.feature_samples.rx_lon IS
    'Longitude of the receiver in degrees, or NULL.';
COMMENT ON COLUMN heimdall.feature_samples.frequency_hz IS
    'Centre frequency in Hz: of the session, else of the measurement, if the application stores one.';
COMMENT ON COLUMN heimdall.feature_samples.tx_known IS
    'Whether the position of the transmitter is known.';
COMMENT ON COLUMN heimdall.feature_samples.tx_latitude IS
    'Latitude of the transmitter in degrees, or NULL.';
COMMENT ON COLUMN heimdall.feature_samples.tx_longitude IS
    'Longitude of the transmitter in degrees, or NULL.';
COMMENT ON COLUMN heimdall.feature_samples.tx_altitude_m IS
    'Altitude of the transmitter in metres, or NULL.';
COMMENT ON COLUMN heimdall.feature_samples.tx_power_dbm IS
    'Power of the transmitter in dBm, or NULL.';
COMMENT ON COLUMN heimdall.feature_samples.measurement_id IS
    'The measurement.';
COMMENT ON COLUMN heimdall.feature_samples.measured_at IS
    'When the receiver''s segment begins: the measurement''s time plus segment_start_ms.';
COMMENT ON COLUMN heimdall.feature_samples.num_chunks IS
    'Chunks of 200 ms that were measured.';
COMMENT ON COLUMN heimdall.feature_samples.signal_present IS
    'Whether more than half of the chunks have a signal.';
COMMENT ON COLUMN heimdall.feature_samples.rssi_dbm_mean IS
    'Mean of rssi_dbm over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.rssi_dbm_std IS
    'Standard deviation of rssi_dbm over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.snr_db_mean IS
    'Mean of snr_db over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.snr_db_std IS
    'Standard deviation of snr_db over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.noise_floor_dbm_mean IS
    'Mean of noise_floor_dbm over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.noise_floor_dbm_std IS
    'Standard deviation of noise_floor_dbm over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.frequency_offset_hz_mean IS
    'Mean of frequency_offset_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.frequency_offset_hz_std IS
    'Standard deviation of frequency_offset_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.bandwidth_hz_mean IS
    'Mean of bandwidth_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.bandwidth_hz_std IS
    'Standard deviation of bandwidth_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.psd_dbm_per_hz_mean IS
    'Mean of psd_dbm_per_hz over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.psd_dbm_per_hz_std IS
    'Standard deviation of psd_dbm_per_hz over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.spectral_centroid_hz_mean IS
    'Mean of spectral_centroid_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.spectral_centroid_hz_std IS
    'Standard deviation of spectral_centroid_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.spectral_rolloff_hz_mean IS
    'Mean of spectral_rolloff_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.spectral_rolloff_hz_std IS
    'Standard deviation of spectral_rolloff_hz over the chunks, unit Hz.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_mean_mean IS
    'Mean of envelope_mean over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_mean_std IS
    'Standard deviation of envelope_mean over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_std_mean IS
    'Mean of envelope_std over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_std_std IS
    'Standard deviation of envelope_std over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_max_mean IS
    'Mean of envelope_max over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_max_std IS
    'Standard deviation of envelope_max over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.peak_to_avg_ratio_db_mean IS
    'Mean of peak_to_avg_ratio_db over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.peak_to_avg_ratio_db_std IS
    'Standard deviation of peak_to_avg_ratio_db over the chunks, unit dB.';
COMMENT ON COLUMN heimdall.feature_samples.zero_crossing_rate_mean IS
    'Mean of zero_crossing_rate over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.zero_crossing_rate_std IS
    'Standard deviation of zero_crossing_rate over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.multipath_delay_spread_us_mean IS
    'Mean of multipath_delay_spread_us over the chunks, unit us.';
COMMENT ON COLUMN heimdall.feature_samples.multipath_delay_spread_us_std IS
    'Standard deviation of multipath_delay_spread_us over the chunks, unit us.';
COMMENT ON COLUMN heimdall.feature_samples.coherence_bandwidth_khz_mean IS
    'Mean of coherence_bandwidth_khz over the chunks, unit kHz.';
COMMENT ON COLUMN heimdall.feature_samples.coherence_bandwidth_khz_std IS
    'Standard deviation of coherence_bandwidth_khz over the chunks, unit kHz.';
COMMENT ON COLUMN heimdall.feature_samples.delay_spread_confidence_mean IS
    'Mean of delay_spread_confidence over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.delay_spread_confidence_std IS
    'Standard deviation of delay_spread_confidence over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.confidence_score_mean IS
    'Mean of confidence_score over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.confidence_score_std IS
    'Standard deviation of confidence_score over the chunks, unit 1.';
COMMENT ON COLUMN heimdall.feature_samples.detection_rate IS
    'Part of the chunks with a signal, 0 to 1; NULL in rows of an extractor before version 0.2.0.';
COMMENT ON COLUMN heimdall.feature_samples.power_dbfs_mean IS
    'Mean of power_dbfs over the chunks, unit dBFS; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.power_dbfs_std IS
    'Standard deviation of power_dbfs over the chunks, unit dBFS; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.snr_unbiased_db_mean IS
    'Mean of snr_unbiased_db over the chunks, unit dB; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.snr_unbiased_db_std IS
    'Standard deviation of snr_unbiased_db over the chunks, unit dB; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.noise_density_dbfs_hz_mean IS
    'Mean of noise_density_dbfs_hz over the chunks, unit dBFS/Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.noise_density_dbfs_hz_std IS
    'Standard deviation of noise_density_dbfs_hz over the chunks, unit dBFS/Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.occupied_bandwidth_99_hz_mean IS
    'Mean of occupied_bandwidth_99_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.occupied_bandwidth_99_hz_std IS
    'Standard deviation of occupied_bandwidth_99_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.occupied_lower_edge_hz_mean IS
    'Mean of occupied_lower_edge_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.occupied_lower_edge_hz_std IS
    'Standard deviation of occupied_lower_edge_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.occupied_upper_edge_hz_mean IS
    'Mean of occupied_upper_edge_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.occupied_upper_edge_hz_std IS
    'Standard deviation of occupied_upper_edge_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.carrier_offset_hz_mean IS
    'Mean of carrier_offset_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.carrier_offset_hz_std IS
    'Standard deviation of carrier_offset_hz over the chunks, unit Hz; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.spectral_flatness_mean IS
    'Mean of spectral_flatness over the chunks, unit 1; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.spectral_flatness_std IS
    'Standard deviation of spectral_flatness over the chunks, unit 1; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_kurtosis_mean IS
    'Mean of envelope_kurtosis over the chunks, unit 1; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.envelope_kurtosis_std IS
    'Standard deviation of envelope_kurtosis over the chunks, unit 1; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.duty_cycle_mean IS
    'Mean of duty_cycle over the chunks, unit 1; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.duty_cycle_std IS
    'Standard deviation of duty_cycle over the chunks, unit 1; NULL where it is unknown.';
COMMENT ON COLUMN heimdall.feature_samples.warnings IS
    'What is wrong with this second of the recording: a JSON array of words; empty if nothing is.';
