-- The comments on our tables and their columns. They are not in schema/, because the files there run only once. A
-- comment that is reworded here reaches every database with its next migration.
-- A comment is set only where it differs, because COMMENT ON waits for a running vacuum of the table.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT c.oid::regclass AS relation, c.relkind, a.attname AS attribute, w.meaning
        FROM (VALUES
            ('schema_migrations', NULL,
                'Files of sql/schema that have been applied here. Each file writes its own row as its last statement.'),
            ('schema_migrations', 'version', 'The four digits at the start of the file name.'),
            ('schema_migrations', 'name', 'The rest of the file name.'),
            ('schema_migrations', 'applied_at', 'When the file was applied, database clock.'),
            ('schema_migrations', 'serves_from',
                'Daemons built for an older schema version than this number do not work with this version or a later '
                'one: they stop claiming and log it. NULL: no new limit. Written by the schema file whose change they '
                'do not support.'),

            ('extracted_features', NULL,
                'RF features of each measurement, or the reason why it has none. One row per measurement, written by '
                'heimdalld. A failure never replaces features.'),
            ('extracted_features', 'row_version', 'Changes with each UPDATE of the row.'),
            ('extracted_features', 'timestamp',
                'Time of the measurement, or the start of its session where it has none. Never the time of the '
                'extraction.'),
            ('extracted_features', 'measurement_id',
                'measurements.id. There is no foreign key: the row outlives the measurement.'),
            ('extracted_features', 'recording_session_id',
                'The session that the measurement belonged to when it was extracted.'),
            ('extracted_features', 'overall_confidence',
                'Mean of delay_spread_confidence, 0 to 1; 0 when extraction_failed.'),
            ('extracted_features', 'mean_snr_db',
                'Mean of snr_db over the recording, in dB; NULL when extraction_failed.'),
            ('extracted_features', 'num_receivers_detected', '1 when most chunks contain a signal, else 0.'),
            ('extracted_features', 'extraction_failed',
                'True: the row has no features; error_kind and error_message give the reason.'),
            ('extracted_features', 'error_kind',
                E'Kind of the failure; NULL when there are features:\n'
                'not_found: the object does not exist\n'
                'location_refused: iq_data_location names a bucket that is not allowed, or no valid key\n'
                'bad_value: a column of the measurement has a value that no recording has, such as NaN\n'
                'too_large: the object, or what comes out of its compression, is larger than HEIMDALL_MAX_OBJECT_BYTES\n'
                'too_short: the recording is shorter than one chunk of 200 ms\n'
                'invalid_format: the bytes are no recording: wrong header, type or length, NaN, all zero\n'
                'unreadable: the store works, but this object could not be read in five tries\n'
                'internal: a fault of heimdalld, of its temporary files, or of the database that refused the row\n'
                'crashed: five daemons were lost while they worked on this recording'),
            ('extracted_features', 'error_message',
                'What is wrong, where and how much; NULL when there are features.'),
            ('extracted_features', 'attempts', 'Tries that the last extraction took.'),
            ('extracted_features', 'created_at', 'When the row was first written, database clock.'),
            ('extracted_features', 'updated_at', 'When the row was last written, database clock.'),

            ('extracted_features', 'rx_id',
                'The receiver''s name, as in the objects. NULL in rows with a failure, or from before this column.'),
            ('extracted_features', 'source_fingerprint',
                'source_fingerprint() of what was extracted. Where the measurement''s is another one now, it is extracted '
                'again. NULL in rows from before this column.'),

            ('extracted_features', 'failed_fingerprint',
                'source_fingerprint() of an extraction that failed after this row got its features. They stay, and the '
                'sweep does not try the same again. NULL when none has failed since.'),
            ('extracted_features', 'last_error_kind', 'error_kind of that failure.'),
            ('extracted_features', 'last_error_message', 'error_message of that failure.'),
            ('extracted_features', 'last_failed_at', 'When it failed, database clock.'),

            ('change_notes', NULL,
                'What the application has changed and no daemon has looked at yet. Written by the triggers, emptied by '
                'expand_notes(). Usually empty.'),
            ('change_notes', 'id', 'Order of arrival.'),
            ('change_notes', 'kind',
                E'What has changed:\n'
                'completed: sessions have become completed\n'
                'session: sessions were deleted, or have another window or frequency\n'
                'measurement: measurements were added, changed or deleted\n'
                'settle: written by expand_notes() itself, for sessions that may have nothing outstanding any more'),
            ('change_notes', 'ids', 'The sessions, or the measurements: at most 100, or 500.'),
            ('change_notes', 'size', 'Number of ids.'),
            ('change_notes', 'times',
                'created_at of the measurements when they were noted, in the order of ids; for the choice of a partition.'),
            ('change_notes', 'old_sessions',
                'For session: the windows before the change, an array of {at, seconds}.'),
            ('change_notes', 'noted_at', 'When the change was made, database clock.'),
            ('change_notes', 'due_at',
                'Not to be expanded before this time: a lock of somebody else was in the way, or failure says why. NULL: '
                'now.'),
            ('change_notes', 'failure',
                'Why the note could not be expanded; NULL for most. After the cause is mended, type:  UPDATE '
                'heimdall.change_notes SET due_at = NULL, failure = NULL WHERE failure IS NOT NULL;'),

            ('cancelled_measurements', NULL,
                'What cancel_backfill() has removed from the queue. The sweep does not queue it again.'),
            ('cancelled_measurements', 'measurement_id', 'The measurement.'),
            ('cancelled_measurements', 'backfill_id', 'The backfill that had queued it.'),
            ('cancelled_measurements', 'cancelled_by', 'The database user who cancelled it.'),
            ('cancelled_measurements', 'cancelled_at', 'When it was cancelled, database clock.'),
            ('page_actions', NULL,
             'What was done on the operator''s page. Rows are only added, by record_action().'),
            ('page_actions', 'id', 'Number of the action.'),
            ('page_actions', 'acted_at', 'When it was done, database clock.'),
            ('page_actions', 'operator', 'The name that the person gave when signing in.'),
            ('page_actions', 'address', 'The network address from which it was done.'),
            ('page_actions', 'database_user', 'The login that called the function.'),
            ('page_actions', 'action', 'The function that was called, such as retry_failed.'),
            ('page_actions', 'arguments', 'Its arguments by name; those left out have their default.'),
            ('page_actions', 'measurements', 'Measurements that it concerned; NULL where that is not a number, or it failed.'),
            ('page_actions', 'failure', 'Why the database refused it; NULL where it was done.'),

            ('backfills', NULL,
                'Requests to extract the features of earlier recordings. Written by request_backfill() and '
                'cancel_backfill(); keep_backfills() updates the counters. Read it through backfill_progress.'),
            ('backfills', 'backfill_id', 'The request.'),
            ('backfills', 'requested_by', 'The database user who made the request.'),
            ('backfills', 'requested_at', 'When the request was made, database clock.'),
            ('backfills', 'recordings_found', 'Sessions in which the request found something to queue.'),
            ('backfills', 'total',
                'Measurements queued, without those that were cancelled and those that no longer exist.'),
            ('backfills', 'done', 'Measurements that got features.'),
            ('backfills', 'failed', 'Measurements that got an error row.'),
            ('backfills', 'finished_at', 'When done + failed reached total; NULL until then.'),
            ('backfills', 'cancelled_at', 'When cancel_backfill() was called; NULL if it was not.'),
            ('backfills', 'cancelled', 'Measurements that were cancelled; they do not count in total.'),

            ('feature_queue', NULL,
                'Measurements whose features must still be extracted, one row each. Triggers, sweep and backfill add '
                'rows; heimdalld works on them and deletes them.'),
            ('feature_queue', 'measurement_id', 'measurements.id.'),
            ('feature_queue', 'id', 'Order of arrival, which is the order of work within one priority.'),
            ('feature_queue', 'recording_session_id',
                'The session, according to session_measurements when the row was queued.'),
            ('feature_queue', 'measured_at', 'Time of the measurement; becomes measurement_features.timestamp.'),
            ('feature_queue', 'state',
                'ready: may be claimed. claimed: worker_id works on it. waiting: becomes ready at due_at.'),
            ('feature_queue', 'source',
                'What queued it: live (a session completed or an object arrived late), retry (retry_failed), sweep, '
                'backfill.'),
            ('feature_queue', 'priority', '0 live, 1 retry and sweep, 2 backfill. Lower numbers come first.'),
            ('feature_queue', 'backfill_id', 'The backfill that counts this measurement, if there is one.'),
            ('feature_queue', 'attempt', 'Tries begun. A claim that was released without a try does not count.'),
            ('feature_queue', 'crashes', 'Daemons that were lost while they worked on this measurement.'),
            ('feature_queue', 'claim_id',
                'Number of the current claim. A result with another number changes nothing. NULL unless claimed.'),
            ('feature_queue', 'worker_id',
                'The daemon that holds the claim: worker_heartbeats.worker_id. NULL unless claimed.'),
            ('feature_queue', 'claimed_at', 'When it was claimed, database clock. NULL unless claimed.'),
            ('feature_queue', 'due_at', 'When it becomes ready again, database clock. NULL unless waiting.'),
            ('feature_queue', 'recheck',
                'True: the measurement has an error row already, and heimdalld looks once more whether the object '
                'exists now. Such a row does not keep its session open.'),
            ('feature_queue', 'enqueued_at', 'When it was queued, database clock.'),
            ('feature_queue', 'source_fingerprint',
                'source_fingerprint() when it was queued. NULL in rows from before this column.'),
            ('feature_queue', 'only_changed',
                'True: the features stay if the object still has the ETag that they were made of. extract_again() '
                'writes it.'),
            ('feature_queue', 'failure',
                'Why neither a result nor an error row can be written. Such a row is due at infinity: it waits until '
                'retry_failed() is called, or its object changes.'),

            ('session_locks', NULL,
                'Rows that daemons lock while they settle sessions. They never change.'),
            ('session_locks', 'key', 'session_lock_key() of the sessions that the row stands for.'),

            ('extraction_control', NULL,
                'One row: whether daemons may claim. Written by pause_extraction() and resume_extraction().'),
            ('extraction_control', 'only_row', 'Always true; limits the table to one row.'),
            ('extraction_control', 'paused', 'True: no daemon claims. Recordings in flight are finished.'),
            ('extraction_control', 'pause_reason', 'The reason given to pause_extraction(); NULL unless paused.'),
            ('extraction_control', 'paused_by', 'The database user who paused; NULL unless paused.'),
            ('extraction_control', 'paused_at', 'When it was paused, database clock; NULL unless paused.'),

            ('worker_heartbeats', NULL,
                'Running daemons. Each daemon writes its own row and deletes rows whose lease has expired. Read it '
                'through extraction_workers.'),
            ('worker_heartbeats', 'worker_id', 'One run of one daemon; a restarted daemon gets a new id.'),
            ('worker_heartbeats', 'host', 'Host name that the daemon reports.'),
            ('worker_heartbeats', 'pid', 'Process id on that host.'),
            ('worker_heartbeats', 'version', 'Version of heimdalld.'),
            ('worker_heartbeats', 'concurrency', 'Maximum number of recordings in flight.'),
            ('worker_heartbeats', 'in_flight', 'Recordings in flight at the last heartbeat.'),
            ('worker_heartbeats', 'lease_ms', 'Age of beat_at at which the lease expires, in milliseconds.'),
            ('worker_heartbeats', 'started_at', 'When the daemon registered, database clock.'),
            ('worker_heartbeats', 'beat_at', 'Last heartbeat, database clock.'),
            ('worker_heartbeats', 'schema_version',
                'The newest schema file that this daemon was built with. Each claim checks that it is new enough.'),
            ('worker_heartbeats', 'stalled',
                'What the daemon cannot do at present: a JSON array of objects with step, since, reason, and '
                'measurement_id where it is one measurement.'),

            ('sweep_state', NULL,
                'One row: progress of enqueue_missing() through the history. Written by that function and the sweep.'),
            ('sweep_state', 'only_row', 'Always true; limits the table to one row.'),
            ('sweep_state', 'last_sweep_at',
                'When a daemon last began a sweep, database clock. The others do not sweep within the interval.'),
            ('sweep_state', 'resume_before',
                'The next sweep continues with sessions created before this time; NULL: it begins with the newest.'),
            ('sweep_state', 'history_before',
                'Sessions created before this time are history: the sweep leaves them to request_backfill(), unless '
                'HEIMDALL_SWEEP_HISTORY is on. It is the time of the installation.'),

            ('queue_depth', NULL, 'One row: the last count of feature_queue. Written by count_queue().'),
            ('queue_depth', 'only_row', 'Always true; limits the table to one row.'),
            ('queue_depth', 'counted_at', 'When it was counted, database clock; NULL: never.'),
            ('queue_depth', 'took_ms',
                'Duration of the count in milliseconds. The next count waits fifty times as long.'),
            ('queue_depth', 'counts',
                'One object for each source and state that has rows: source, state, measurements, oldest_at (smallest '
                'enqueued_at).'),

            ('session_counts', NULL, 'The kept counts of each completed session. Written by keep_coverage().'),
            ('session_counts', 'recording_session_id', 'The session.'),
            ('session_counts', 'measurements', 'Measurements with an object.'),
            ('session_counts', 'with_features', 'Measurements that have features.'),
            ('session_counts', 'failed', 'Measurements with an error row that are not queued again.'),
            ('session_counts', 'pending', 'Measurements that are queued and have no features.'),

            ('coverage_changes', NULL,
                'Sessions whose kept counts may be outdated, until keep_coverage() has counted them.'),
            ('coverage_changes', 'id', 'Order of arrival.'),
            ('coverage_changes', 'session_ids', 'The sessions.'),
            ('coverage_changes', 'size', 'Number of ids.'),

            ('backfill_changes', NULL,
                'What transactions have finished of backfills, until keep_backfills() has added it to their counters.'),
            ('backfill_changes', 'id', 'Order of arrival.'),
            ('backfill_changes', 'backfill_id', 'The backfill.'),
            ('backfill_changes', 'done', 'Measurements that got features.'),
            ('backfill_changes', 'failed', 'Measurements that got an error row.'),

            ('coverage_totals', NULL, 'One row: the sums of session_counts. Written by keep_coverage().'),
            ('coverage_totals', 'only_row', 'Always true; limits the table to one row.'),
            ('coverage_totals', 'recordings', 'Completed sessions.'),
            ('coverage_totals', 'recordings_with_features', 'Completed sessions with features of a measurement.'),
            ('coverage_totals', 'measurements', 'Measurements with an object.'),
            ('coverage_totals', 'with_features', 'Measurements that have features.'),
            ('coverage_totals', 'failed', 'Measurements with an error row that are not queued again.'),
            ('coverage_totals', 'pending', 'Measurements that are queued and have no features.'),
            ('coverage_totals', 'counted_at',
                'When the last walk through all sessions ended, database clock; NULL: the sums do not hold yet.'),
            ('coverage_totals', 'walked_to', 'The last session that the present walk has counted.'),
            ('coverage_totals', 'walked_at', 'When it counted that session, database clock.'),

            ('installed_definitions', NULL,
                'The views that an installation may redefine, as the last migration has installed them.'),
            ('installed_definitions', 'name', 'Name of the view.'),
            ('installed_definitions', 'definition', 'Its text as the server prints it.'),
            ('installed_definitions', 'server_version', 'Major version of the server that printed it.'),

            ('feature_minutes', NULL,
                'What each daemon has done in each minute. Rows older than eight days are removed by daemons.'),
            ('feature_minutes', 'minute', 'Beginning of the minute, database clock.'),
            ('feature_minutes', 'worker_id', 'The daemon: worker_heartbeats.worker_id, which may be gone.'),
            ('feature_minutes', 'extracted', 'Recordings whose features were written.'),
            ('feature_minutes', 'failed', 'Recordings that got an error row.'),
            ('feature_minutes', 'postponed', 'Tries after which a retry was scheduled.'),
            ('feature_minutes', 'given_back', 'Claims that were released without counting the try.'),
            ('feature_minutes', 'forgotten', 'Claims of measurements that no longer exist.'),
            ('feature_minutes', 'missing',
                'Rechecks that did not find the object either; it counts in failed since the first try.'),
            ('feature_minutes', 'unchanged', 'Objects that extract_again() found unchanged.'),
            ('feature_minutes', 'read_bytes', 'Bytes of objects read from the store.'),
            ('feature_minutes', 'fetch_s', 'Seconds of waiting for the store, of all recordings with features.'),
            ('feature_minutes', 'extract_s', 'Seconds of extraction, of all recordings with features.'),
            ('feature_minutes', 'latency',
                'Live recordings by the time from the completion of their session to their row: element n counts those of at '
                'most 2 ms times 2^((n - 1) / 4) that no earlier element counts; the 100th also those that took longer.'),

            ('feature_parts', NULL,
                'Parts of receiver_features that do not fit into one message, within the transaction that joins them. '
                'Other transactions always see this table empty.'),
            ('feature_parts', 'claim_id', 'feature_queue.claim_id of the recording.'),
            ('feature_parts', 'part', 'Order of the parts, from 1.'),
            ('feature_parts', 'receiver_features', 'Segments, in order.')
        ) AS w (relation, attribute, meaning)
        -- The view of the results has the comments of the table.
        JOIN pg_class c ON c.relnamespace = 'heimdall'::regnamespace
                       AND (c.relname = w.relation
                            OR w.relation = 'extracted_features' AND c.oid = heimdall.results_table())
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attribute
        WHERE (w.attribute IS NULL OR a.attname IS NOT NULL)
          AND col_description(c.oid, coalesce(a.attnum, 0)) IS DISTINCT FROM w.meaning
    LOOP
        EXECUTE format('COMMENT ON %s %s%s IS %L',
                       CASE WHEN wanted.attribute IS NOT NULL THEN 'COLUMN'
                            WHEN wanted.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END,
                       wanted.relation, coalesce('.' || quote_ident(wanted.attribute), ''), wanted.meaning);
    END LOOP;
END
$$;
