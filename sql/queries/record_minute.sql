-- Purpose: adds what a daemon has done since the last call to its row of this minute, and removes rows that are older
--   than eight days.
-- Parameters: $1 worker_id, $2 recordings by outcome (extracted, failed, postponed, given_back, forgotten, missing,
--   unchanged),
--   $3 bytes read, $4 seconds of fetching, $5 seconds of extraction, $6 live recordings by latency (feature_minutes.latency)
-- Returns: nothing
-- Plan: one row by primary key; the oldest rows by the same index, 100 at most. Nothing waits: a row that another daemon
--   removes is skipped.
WITH removed AS (
    DELETE FROM heimdall.feature_minutes m
    USING (SELECT o.ctid FROM heimdall.feature_minutes o
           WHERE o.minute < now() - interval '8 days'
           ORDER BY o.minute, o.worker_id
           LIMIT 100
           FOR UPDATE SKIP LOCKED) old
    WHERE m.ctid = old.ctid
)
INSERT INTO heimdall.feature_minutes AS m
    (minute, worker_id, extracted, failed, postponed, given_back, forgotten, missing, unchanged,
     read_bytes, fetch_s, extract_s, latency)
VALUES (date_trunc('minute', now()), $1::uuid, ($2::bigint[])[1], ($2::bigint[])[2], ($2::bigint[])[3], ($2::bigint[])[4],
        ($2::bigint[])[5], ($2::bigint[])[6], coalesce(($2::bigint[])[7], 0), $3::bigint, $4::double precision, $5::double precision, $6::integer[])
ON CONFLICT (minute, worker_id) DO UPDATE
SET extracted  = m.extracted + excluded.extracted,
    failed     = m.failed + excluded.failed,
    postponed  = m.postponed + excluded.postponed,
    given_back = m.given_back + excluded.given_back,
    forgotten  = m.forgotten + excluded.forgotten,
    missing    = m.missing + excluded.missing,
    unchanged  = m.unchanged + excluded.unchanged,
    read_bytes = m.read_bytes + excluded.read_bytes,
    fetch_s    = m.fetch_s + excluded.fetch_s,
    extract_s  = m.extract_s + excluded.extract_s,
    latency    = ARRAY(SELECT coalesce(l.before, 0) + coalesce(l.more, 0)
                       FROM unnest(m.latency, excluded.latency) WITH ORDINALITY AS l (before, more, bucket)
                       ORDER BY l.bucket);
