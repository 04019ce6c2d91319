-- Purpose: backfills with their progress: all that are not at their end, and the last ones that are, 20 at most.
-- Parameters: $1 a backfill, or NULL for these
-- Returns: report: the columns of backfill_progress, age_s (since the request), left_s (until the estimated end;
--   NULL where that is unknown)
SELECT to_jsonb(r) AS report
FROM (SELECT b.*, extract(epoch FROM now() - b.requested_at) AS age_s,
             -- GREATEST alone makes 0 of NULL.
             CASE WHEN b.estimated_end IS NOT NULL
                  THEN greatest(extract(epoch FROM b.estimated_end - now()), 0) END AS left_s
      FROM heimdall.backfill_progress b
      WHERE $1::uuid IS NULL OR b.backfill_id = $1::uuid
      ORDER BY (b.state IN ('finished', 'cancelled')), b.requested_at DESC
      LIMIT 20) r;
