-- Purpose: how many measurements retry_failed() concerns at most, for `heimdalld retry` and the operator's page.
-- Parameters: $1 error_kind (NULL: all), $2 since and $3 until as text (NULL: no limit)
-- Returns: measurements
SELECT count(DISTINCT f.measurement_id) AS measurements
FROM heimdall.extracted_features f
WHERE f.extraction_failed
  AND ($1::text IS NULL OR f.error_kind = $1::text)
  AND ($2::text IS NULL OR f.updated_at >= ($2::text)::timestamptz)
  AND ($3::text IS NULL OR f.updated_at < ($3::text)::timestamptz);
