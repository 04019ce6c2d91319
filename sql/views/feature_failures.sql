-- Failures by kind, with the latest one as an example. The rows: measurement_features WHERE extraction_failed.
CREATE OR REPLACE VIEW heimdall.feature_failures AS
SELECT error_kind,
       count(*) AS failures,
       min(updated_at) AS first_at,
       max(updated_at) AS last_at,
       (array_agg(measurement_id ORDER BY updated_at DESC))[1] AS example_measurement_id,
       (array_agg(error_message ORDER BY updated_at DESC))[1] AS example_message
FROM heimdall.extracted_features
WHERE extraction_failed
GROUP BY error_kind;

COMMENT ON VIEW heimdall.feature_failures IS 'Error rows by error_kind.';
COMMENT ON COLUMN heimdall.feature_failures.error_kind IS
    'Kind of the failure; NULL for rows of an earlier extraction service.';
COMMENT ON COLUMN heimdall.feature_failures.failures IS 'Measurements that failed with this kind.';
COMMENT ON COLUMN heimdall.feature_failures.first_at IS 'Time of the first one, database clock.';
COMMENT ON COLUMN heimdall.feature_failures.last_at IS 'Time of the last one, database clock.';
COMMENT ON COLUMN heimdall.feature_failures.example_measurement_id IS 'Measurement of the last one.';
COMMENT ON COLUMN heimdall.feature_failures.example_message IS 'error_message of the last one.';
