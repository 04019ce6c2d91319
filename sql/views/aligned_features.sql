-- The objects of measurement_features by session, second and receiver: what session_features and feature_samples share.
--
-- A session has a grid of seconds. It lies where its recordings begin on average (the circular mean of the fractions of a
-- second), so that receivers which begin within half a second of each other share their seconds. An object belongs to
-- the second whose beginning is nearest to its own. Where recordings of one receiver overlap, the later one counts from
-- its beginning, so a receiver has one object in a second.
--
-- Rows are sorted without their objects, which stay in the TOAST table until they are needed. The planner expects ten
-- objects in an array; the equation that always holds lowers its estimate, so that it does not compile the plan (JIT),
-- which takes seconds.
CREATE OR REPLACE VIEW heimdall.aligned_features AS
SELECT o.recording_session_id,
       -- A time of the application may be wrong by millennia.
       least(o.tick - floor(date_part('epoch', o.first_at) - o.phase + 0.5), 2147483647)::integer AS second,
       timestamptz 'epoch' + (o.tick + o.phase) * interval '1 second' AS second_at,
       o.timestamp + o.start_ms * interval '1 millisecond' AS measured_at,
       o.measurement_id,
       o.rx_id,
       -- Rows of an extractor before version 0.2.0, or of an earlier service, have statistics of it.
       CASE jsonb_typeof(o.features -> 'signal_present')
            WHEN 'boolean' THEN (o.features ->> 'signal_present')::boolean
            WHEN 'object' THEN (o.features -> 'signal_present' ->> 'mean')::double precision > 0.5
       END AS signal_present,
       o.features,
       o.extraction_metadata
FROM (
    SELECT r.*, s.start_ms, floor(date_part('epoch', r.timestamp) + s.start_ms / 1000 - r.phase + 0.5) AS tick
    FROM (
        SELECT w.recording_session_id, w.timestamp, w.measurement_id, w.extraction_metadata, w.rx_id, w.first_at, w.next_at,
               atan2(w.y, w.x) / (2 * pi()) AS phase, unnest(w.receiver_features) AS features
        FROM (
            SELECT n.*,
                   sum(cos(2 * pi() * date_part('epoch', n.timestamp))) OVER session AS x,
                   sum(sin(2 * pi() * date_part('epoch', n.timestamp))) OVER session AS y,
                   min(n.timestamp) OVER session AS first_at,
                   lead(n.timestamp) OVER (PARTITION BY n.recording_session_id, n.rx_id
                                           ORDER BY n.timestamp, n.measurement_id) AS next_at
            FROM (
                SELECT f.recording_session_id, f.timestamp, f.measurement_id, f.receiver_features, f.extraction_metadata,
                       coalesce(f.rx_id, f.receiver_features[1] ->> 'rx_id', f.measurement_id::text) AS rx_id
                FROM heimdall.extracted_features f
                WHERE NOT f.extraction_failed AND f.recording_session_id IS NOT NULL AND isfinite(f.timestamp)
            ) n
            WINDOW session AS (PARTITION BY n.recording_session_id)
        ) w
    ) r
    CROSS JOIN LATERAL (
        SELECT coalesce((r.features ->> 'segment_start_ms')::double precision, 0) AS start_ms
    ) s
    WHERE jsonb_typeof(r.features) = 'object'
) o
WHERE (o.tick < floor(date_part('epoch', o.next_at) - o.phase + 0.5)) IS NOT FALSE;

COMMENT ON VIEW heimdall.aligned_features IS
    'The objects of measurement_features by session, second and receiver, for session_features and feature_samples.';
COMMENT ON COLUMN heimdall.aligned_features.recording_session_id IS 'The session, which may have been deleted.';
COMMENT ON COLUMN heimdall.aligned_features.second IS 'Number of the second in the session, from 0.';
COMMENT ON COLUMN heimdall.aligned_features.second_at IS 'When that second begins.';
COMMENT ON COLUMN heimdall.aligned_features.measured_at IS 'When the object''s segment begins.';
COMMENT ON COLUMN heimdall.aligned_features.measurement_id IS 'The measurement.';
COMMENT ON COLUMN heimdall.aligned_features.rx_id IS 'The receiver''s name.';
COMMENT ON COLUMN heimdall.aligned_features.signal_present IS
    'signal_present of the object; of an older object whether its mean exceeds 0.5.';
COMMENT ON COLUMN heimdall.aligned_features.features IS 'The object, as it is stored.';
COMMENT ON COLUMN heimdall.aligned_features.extraction_metadata IS 'How the row was made.';
