-- Purpose: queues earlier recordings, for `heimdalld backfill` and the operator's page. Needs the rights of an administrator.
-- Parameters: $1 how many sessions at most (NULL: all), $2 whether failed ones too, $3 since and $4 until as text (NULL: no
--   limit), $5 name or id of the receiver (NULL: all)
-- Returns: backfill_id, recordings_found, measurements (queued)
SELECT b.backfill_id, b.recordings_found, b.measurements_queued AS measurements
FROM heimdall.request_backfill(batch_size => 1, max_batches => $1::integer, include_failed => $2::boolean,
                               since => ($3::text)::timestamptz, until => ($4::text)::timestamptz, station => $5::text) b;
