SELECT rx_id, state, error_kind, attempts, next_try_at FROM heimdall.measurement_status;
SELECT rx_id, second, round(power_dbfs_mean::numeric, 1) AS dbfs, signal_present FROM heimdall.feature_samples;
SELECT error_kind, failures, left(what_to_do, 60) AS what_to_do FROM heimdall.feature_failures JOIN heimdall.feature_error_kinds USING (error_kind);
