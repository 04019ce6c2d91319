-- What is known of each measurement: its state, why, since when, who works on it, and the next try. Fast by measurement
-- and by session; a query without one of them reads the whole history.
DO $$
BEGIN
    EXECUTE heimdall.fit_to_application($view$
CREATE OR REPLACE VIEW heimdall.measurement_status AS
SELECT sm.measurement_id, sm.recording_session_id, sm.websdr_station_id, sm.rx_id, sm.measured_at, sm.iq_data_location,
       heimdall.state_of(q.state, q.recheck, f.good, sm.session_status) AS state,
       CASE WHEN q.state = 'claimed' THEN format('%s works on it, attempt %s', coalesce(
                                                 format('%s (pid %s)', w.host, w.pid), 'a lost daemon'), q.attempt)
            WHEN q.state = 'waiting' AND q.failure IS NOT NULL
            THEN format('%s; it waits for retry_measurement()', q.failure)
            WHEN q.state = 'waiting' AND q.recheck THEN f.error
            WHEN q.state = 'waiting' THEN format('attempt %s failed, or could not be made', q.attempt)
            WHEN q.state = 'ready' THEN format('queued by %s, priority %s', q.source, q.priority)
            WHEN f.good IS NOT NULL THEN f.error
            WHEN heimdall.is_completed(sm.session_status) IS NOT TRUE THEN format('the session is %s', sm.session_status COLLATE pg_catalog."C")
            WHEN EXISTS (SELECT FROM heimdall.change_notes n
                         WHERE n.kind = 'completed' AND sm.recording_session_id = ANY (n.ids))
            THEN 'its session has just completed'
            WHEN x.measurement_id IS NOT NULL
            THEN format('cancelled by %s at %s', x.cancelled_by, x.cancelled_at::timestamptz(0))
            ELSE 'never queued: request_backfill() or the sweep does it'
       END AS reason,
       CASE WHEN q.state = 'claimed' THEN q.claimed_at
            WHEN q.state IS NOT NULL THEN q.enqueued_at
            WHEN f.good IS NOT NULL THEN f.updated_at
            ELSE x.cancelled_at
       END AS since,
       coalesce(q.attempt, f.attempts, 0) AS attempts,
       coalesce(f.good, false) AS has_features,
       f.error_kind,
       CASE WHEN q.state = 'claimed' THEN q.worker_id END AS worker_id,
       nullif(q.due_at, 'infinity') AS next_try_at
FROM heimdall.session_measurements sm
-- NULL without a row. An aggregate because an earlier extraction service wrote one error row per try.
CROSS JOIN LATERAL (
    SELECT bool_or(NOT mf.extraction_failed) AS good, max(mf.updated_at) AS updated_at, max(mf.attempts) AS attempts,
           max(coalesce(mf.last_error_kind, mf.error_kind)) AS error_kind,
           max(CASE WHEN mf.last_error_kind IS NOT NULL
                    THEN format('the features are of an earlier extraction; the last one failed: %s',
                                mf.last_error_message)
                    ELSE mf.error_message END) AS error
    FROM heimdall.extracted_features mf
    WHERE mf.measurement_id = sm.measurement_id
) f
LEFT JOIN heimdall.feature_queue q ON q.measurement_id = sm.measurement_id
LEFT JOIN heimdall.worker_heartbeats w ON w.worker_id = q.worker_id
LEFT JOIN heimdall.cancelled_measurements x ON x.measurement_id = sm.measurement_id
UNION ALL
-- Without an object, or without a session.
SELECT o.measurement_id, o.named_session, o.websdr_station_id,
       coalesce({st.station_name}, o.websdr_station_id::text), o.measured_at, o.iq_data_location,
       CASE WHEN o.iq_data_location IS NULL THEN 'no object' ELSE 'no session' END,
       CASE WHEN o.iq_data_location IS NULL THEN 'iq_data_location is NULL'
            ELSE 'it names no session that exists, and no session''s window contains its time' END,
       NULL, 0, false, NULL, NULL, NULL
FROM heimdall.application_measurements o
LEFT JOIN heimdall.websdr_stations st ON {st.station_id} = o.websdr_station_id
WHERE o.iq_data_location IS NULL
   OR (SELECT true FROM heimdall.session_measurements v WHERE v.measurement_id = o.measurement_id LIMIT 1) IS NULL
    $view$);
END
$$;

COMMENT ON VIEW heimdall.measurement_status IS
    'Each measurement: its state, why, since when, who works on it, the next try. Ask by measurement or by session.';
COMMENT ON COLUMN heimdall.measurement_status.measurement_id IS 'The measurement.';
COMMENT ON COLUMN heimdall.measurement_status.recording_session_id IS
    'The session that it belongs to; without an object the one that it names, or NULL.';
COMMENT ON COLUMN heimdall.measurement_status.websdr_station_id IS 'The receiver.';
COMMENT ON COLUMN heimdall.measurement_status.rx_id IS 'The receiver''s name, else its id as text.';
COMMENT ON COLUMN heimdall.measurement_status.measured_at IS 'Time of the measurement.';
COMMENT ON COLUMN heimdall.measurement_status.iq_data_location IS 'The IQ object, or NULL.';
COMMENT ON COLUMN heimdall.measurement_status.state IS
    'done: it has features. failed: it has an error row. ready, claimed, waiting: it is queued. recheck: it has an error '
    'row, and its object is looked for again. not queued: its session is completed, and nothing is planned. not '
    'completed: its session is not. no object: iq_data_location is NULL. no session: it belongs to none.';
COMMENT ON COLUMN heimdall.measurement_status.reason IS 'Why it is in this state; NULL where there is nothing to say.';
COMMENT ON COLUMN heimdall.measurement_status.since IS
    'Since when: claimed, queued, written or cancelled, database clock; NULL where that is unknown.';
COMMENT ON COLUMN heimdall.measurement_status.attempts IS 'Tries so far, or those that the last extraction took.';
COMMENT ON COLUMN heimdall.measurement_status.has_features IS
    'Whether it has features, also while it is queued again or after a later failure.';
COMMENT ON COLUMN heimdall.measurement_status.error_kind IS
    'Kind of the last failure, also beside features; NULL where none failed. See feature_error_kinds.';
COMMENT ON COLUMN heimdall.measurement_status.worker_id IS 'The daemon that works on it; see extraction_workers.';
COMMENT ON COLUMN heimdall.measurement_status.next_try_at IS 'When it becomes ready again; NULL where it does not wait.';
