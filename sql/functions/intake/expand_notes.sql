-- Turns what the application's transactions have noted into rows of the queue, in the order of the notes, at most about
-- max_measurements measurements at a time. The daemons call it right before each claim, and every second.
--
-- A note is deleted in the transaction that expands it, so it is expanded exactly once, whatever ends in between. The
-- statements after that see everything that the transaction of the note has changed. A note that cannot be expanded is
-- set aside with the reason, and does not stop the others. One that waits for a lock of somebody else is tried again
-- five seconds later.
--
-- spare: how many of the queued measurements the caller is about to claim. For more it notifies the other daemons.
-- above: expand only notes with a higher id; NULL: all. See claim_measurements for the reason.
CREATE OR REPLACE FUNCTION heimdall.expand_notes(
    max_measurements integer DEFAULT 1000, spare integer DEFAULT 0, above bigint DEFAULT NULL
)
RETURNS TABLE (notes bigint, queued bigint, set_aside bigint, last_id bigint, more boolean, settled jsonb)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    max_notes CONSTANT integer := 1000;
    batch bigint[];
    seen  bigint;
    taken heimdall.change_notes[];
    note  heimdall.change_notes;
    one   record;
BEGIN
    notes := 0;
    queued := 0;
    set_aside := 0;
    more := false;
    -- First a look without locks, to see how many notes make a batch: one may name 500 measurements or 100 sessions.
    -- Where another expansion has locked all of them, the next batch.
    FOR turn IN 1 .. 4 LOOP
        SELECT array_agg(w.id ORDER BY w.id) FILTER (WHERE w.before < max_measurements),
               max(w.id) FILTER (WHERE w.before < max_measurements),
               bool_or(w.before >= max_measurements) OR count(*) >= max_notes
        INTO batch, seen, more
        FROM (SELECT l.id, sum(l.weight) OVER (ORDER BY l.id) - l.weight AS before
              -- A completed session counts as eight measurements.
              FROM (SELECT n.id, n.size * CASE n.kind WHEN 'measurement' THEN 1 ELSE 8 END AS weight
                    FROM heimdall.change_notes n
                    -- One that would wait longer than five seconds was put off before the clock was set back.
                    WHERE (n.due_at IS NULL OR n.due_at <= clock_timestamp()
                           OR n.due_at > clock_timestamp() + interval '1 minute' AND n.due_at < 'infinity')
                      AND n.id > coalesce(seen, above, 0)
                    ORDER BY n.id
                    LIMIT max_notes) l) w;
        EXIT WHEN batch IS NULL;
        SELECT array_agg(p.n ORDER BY (p.n).id) INTO taken
        FROM (SELECT n FROM heimdall.change_notes n WHERE n.id = ANY (batch) FOR UPDATE SKIP LOCKED) p;
        EXIT WHEN taken IS NOT NULL;
    END LOOP;
    IF taken IS NULL THEN
        more := false;
        RETURN NEXT;
        RETURN;
    END IF;
    notes := cardinality(taken);
    last_id := (taken[notes]).id;

    BEGIN
        SELECT * INTO one FROM heimdall.expand_taken(taken);
        queued := one.queued;
        settled := one.settled;
    EXCEPTION WHEN OTHERS THEN
        -- One by one, to find the note that fails.
        FOREACH note IN ARRAY taken LOOP
            BEGIN
                SELECT * INTO one FROM heimdall.expand_taken(ARRAY[note]);
                queued := queued + one.queued;
                settled := coalesce(settled, '[]') || coalesce(one.settled, '[]');
            EXCEPTION
                WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
                    UPDATE heimdall.change_notes n SET due_at = clock_timestamp() + interval '5 seconds'
                    WHERE n.id = note.id;
                WHEN OTHERS THEN
                    set_aside := set_aside + 1;
                    UPDATE heimdall.change_notes n
                    SET due_at = 'infinity', failure = format('%s (%s)', SQLERRM, SQLSTATE)
                    WHERE n.id = note.id;
            END;
        END LOOP;
    END;
    IF queued > spare THEN
        PERFORM heimdall.wake_workers();
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION heimdall.expand_notes(integer, integer, bigint) IS
    'Turns what the triggers noted into rows of the queue. Called by heimdalld before each claim and every second; safe '
    'to call at any time.';
