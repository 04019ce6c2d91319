-- What goes wrong, by kind; the example is the latest. The rows behind it: measurement_features WHERE extraction_failed.
CREATE OR REPLACE VIEW heimdall.feature_failures AS
SELECT error_kind,
       count(*) AS failures,
       min(updated_at) AS first_at,
       max(updated_at) AS last_at,
       (array_agg(measurement_id ORDER BY updated_at DESC))[1] AS example_measurement_id,
       (array_agg(error_message ORDER BY updated_at DESC))[1] AS example_message
FROM heimdall.measurement_features
WHERE extraction_failed
GROUP BY error_kind;

COMMENT ON VIEW heimdall.feature_failures IS 'Error rows by error_kind.';
COMMENT ON COLUMN heimdall.feature_failures.error_kind IS 'Class of the failure; NULL for rows of an earlier extraction service.';
COMMENT ON COLUMN heimdall.feature_failures.failures IS 'Measurements that failed so.';
COMMENT ON COLUMN heimdall.feature_failures.first_at IS 'The first of them, database clock.';
COMMENT ON COLUMN heimdall.feature_failures.last_at IS 'The last of them.';
COMMENT ON COLUMN heimdall.feature_failures.example_measurement_id IS 'The last one''s measurement.';
COMMENT ON COLUMN heimdall.feature_failures.example_message IS 'Its message.';
