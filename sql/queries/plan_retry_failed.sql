-- Purpose: how many measurements failed, of one kind or of all.
-- Parameters: $1 error_kind, or NULL for all
-- Returns: report: failed
-- Plan: Index Only Scan using measurement_features_failed_idx
SELECT jsonb_build_object('failed', count(*)) AS report
FROM heimdall.extracted_features f
WHERE f.extraction_failed AND ($1::text IS NULL OR f.error_kind = $1::text);
