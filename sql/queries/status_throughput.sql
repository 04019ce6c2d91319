-- Purpose: what all daemons have done, by time.
-- Parameters: $1 how far back, seconds; $2 length of one step, seconds
-- Returns: report, for each step with something in it: at (its beginning), the sums of feature_minutes, latency (pairs of
--   a bucket and its recordings)
-- Plan: Index Scan using feature_minutes_pkey from the first minute on.
WITH chosen AS (
    SELECT to_timestamp(floor(extract(epoch FROM m.minute) / $2::integer) * $2::integer) AS at, m.*
    FROM heimdall.feature_minutes m
    WHERE m.minute > now() - $1::integer * interval '1 second'
), latencies AS (
    SELECT b.at, jsonb_agg(jsonb_build_array(b.bucket, b.recordings)) AS latency
    FROM (SELECT c.at, l.bucket, sum(l.recordings) AS recordings
          FROM chosen c CROSS JOIN LATERAL unnest(c.latency) WITH ORDINALITY AS l (recordings, bucket)
          WHERE l.recordings > 0
          GROUP BY c.at, l.bucket) b
    GROUP BY b.at
)
SELECT to_jsonb(r) AS report
FROM (SELECT c.at, sum(c.extracted) AS extracted, sum(c.failed) AS failed, sum(c.postponed) AS postponed,
             sum(c.given_back) AS given_back, sum(c.forgotten) AS forgotten, sum(c.missing) AS missing, sum(c.unchanged) AS unchanged,
             sum(c.read_bytes) AS read_bytes, sum(c.fetch_s) AS fetch_s, sum(c.extract_s) AS extract_s,
             coalesce((SELECT l.latency FROM latencies l WHERE l.at = c.at), '[]') AS latency
      FROM chosen c
      GROUP BY c.at
      ORDER BY c.at) r;
