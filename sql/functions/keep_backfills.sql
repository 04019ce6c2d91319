-- What a daemon does every second for the counters of backfills: it adds what transactions have appended since, and
-- returns the backfills that this finishes. Calls at the same time take different changes. A call that has nothing to do
-- writes nothing.
CREATE OR REPLACE FUNCTION heimdall.keep_backfills()
RETURNS TABLE (backfill_id uuid, total bigint, done bigint, failed bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM heimdall.backfill_changes) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH taken AS (
        DELETE FROM heimdall.backfill_changes c
        WHERE c.id = ANY (ARRAY(SELECT o.id FROM heimdall.backfill_changes o
                                ORDER BY o.id LIMIT 10000 FOR UPDATE SKIP LOCKED))
        RETURNING c.backfill_id, c.done, c.failed
    ), changes AS MATERIALIZED (
        SELECT t.backfill_id, sum(t.done) AS done, sum(t.failed) AS failed FROM taken t GROUP BY t.backfill_id
    ), locked AS MATERIALIZED (
        -- In one order: calls at the same time do not deadlock.
        SELECT b.backfill_id FROM heimdall.backfills b
        WHERE b.backfill_id = ANY (ARRAY(SELECT c.backfill_id FROM changes c)) ORDER BY b.backfill_id FOR UPDATE
    ), counted AS (
        UPDATE heimdall.backfills b
        SET done = b.done + c.done, failed = b.failed + c.failed,
            finished_at = coalesce(b.finished_at, CASE WHEN b.done + c.done + b.failed + c.failed >= b.total
                                                       THEN clock_timestamp() END)
        FROM locked l JOIN changes c USING (backfill_id)
        WHERE b.backfill_id = l.backfill_id
        RETURNING b.backfill_id, b.total, b.done, b.failed, b.done + b.failed - c.done - c.failed AS before
    )
    SELECT k.backfill_id, k.total, k.done, k.failed FROM counted k WHERE k.done + k.failed >= k.total AND k.before < k.total;
END
$$;
COMMENT ON FUNCTION heimdall.keep_backfills() IS
    'Adds what has been finished to the counters of backfills, and returns those that are finished now. Called by '
    'heimdalld every second; safe to call at any time.';
