-- Purpose: what should have happened long ago.
-- Parameters: none
-- Returns: one row: oldest_note_s (age of the oldest note that can be expanded; NULL: there is none), swept_s (time since
--   a daemon last began a sweep; NULL: never)
-- Plan: Limit > Index Scan using change_notes_pkey, and one row of sweep_state.
SELECT (SELECT extract(epoch FROM clock_timestamp() - n.noted_at)::double precision
        FROM heimdall.change_notes n WHERE n.failure IS NULL ORDER BY n.id LIMIT 1) AS oldest_note_s,
       (SELECT extract(epoch FROM clock_timestamp() - s.last_sweep_at)::double precision
        FROM heimdall.sweep_state s) AS swept_s;
