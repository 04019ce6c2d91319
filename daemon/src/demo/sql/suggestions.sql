SELECT rx_id, state, error_kind, attempts, next_try_at FROM heimdall.measurement_status;
SELECT rx_id, second, snr_db_mean, signal_present FROM heimdall.feature_samples;
SELECT error_kind, failures, last_at FROM heimdall.feature_failures;
