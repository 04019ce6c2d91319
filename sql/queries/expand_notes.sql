-- Purpose: turns what the application's transactions have noted into rows of the queue.
-- Parameters: $1 about how many measurements at most, $2 how many of them this daemon is about to claim, $3 expand only
--   notes with a higher id; NULL: all
-- Returns: one row: notes (number expanded), queued (measurements), set_aside (notes that failed), last_id, more
--   (whether notes may be left), settled (sessions with nothing to extract, as JSON; see settle_sessions.sql)
-- Plan: Index Scan using change_notes_ready_idx. Without notes 2 buffers.
SELECT notes, queued, set_aside, last_id, more, settled
FROM heimdall.expand_notes($1::integer, $2::integer, $3::bigint);
