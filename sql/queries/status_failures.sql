-- Purpose: failures by kind, with the last one as an example, and what to do.
-- Parameters: none
-- Returns: report, for each kind with failures, the most frequent first. error_kind is NULL for rows of an earlier service.
-- Plan: index-only scans of measurement_features_failed_idx, and one row of each kind.
SELECT to_jsonb(r) AS report
FROM (SELECT k.error_kind, n.failures, n.first_at, n.last_at, extract(epoch FROM now() - n.last_at) AS last_s_ago,
             x.measurement_id AS example_measurement_id, x.error_message AS example_message,
             k.meaning, k.tried_again, k.what_to_do
      FROM (SELECT e.error_kind, e.meaning, e.tried_again, e.what_to_do FROM heimdall.feature_error_kinds e
          UNION ALL
            SELECT NULL, 'An earlier service has failed.', 'no', 'SELECT heimdall.retry_failed();') k
      CROSS JOIN LATERAL (
          SELECT count(*) AS failures, min(f.updated_at) AS first_at, max(f.updated_at) AS last_at
          FROM heimdall.extracted_features f
          WHERE f.extraction_failed
            AND (f.error_kind = k.error_kind OR k.error_kind IS NULL AND f.error_kind IS NULL)
      ) n
      LEFT JOIN LATERAL (
          SELECT f.measurement_id, f.error_message
          FROM heimdall.extracted_features f
          WHERE f.extraction_failed AND n.failures > 0
            AND (f.error_kind = k.error_kind OR k.error_kind IS NULL AND f.error_kind IS NULL)
          ORDER BY f.updated_at DESC LIMIT 1
      ) x ON true
      WHERE n.failures > 0
      ORDER BY n.failures DESC, k.error_kind) r;
