-- Purpose: measurements that failed with one kind of error, the last ones first.
-- Parameters: $1 error_kind; $2 since, $3 until, both as text or NULL, for the time of the failure; $4 results at most
-- Returns: report: as found in page_search.sql, without sessions
-- Plan: Index Scan Backward using measurement_features_failed_idx
SELECT to_jsonb(t) AS report
FROM (SELECT f.measurement_id, f.updated_at
      FROM heimdall.extracted_features f
      WHERE f.extraction_failed AND f.error_kind = $1::text
        AND f.updated_at >= coalesce($2::text::timestamptz, '-infinity')
        AND f.updated_at < coalesce($3::text::timestamptz, 'infinity')
      ORDER BY f.updated_at DESC
      LIMIT $4::integer) f
CROSS JOIN LATERAL (SELECT * FROM heimdall.status_of(measurement => f.measurement_id) LIMIT 1) t
ORDER BY f.updated_at DESC;
