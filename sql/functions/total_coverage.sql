-- The counts of measure_coverage without a join per measurement, and whether they are certain. They are certain when
-- the rows of features and queue have the same pairs (measurement, session) as the measurements of completed sessions.
-- The function compares the number of pairs and the exclusive or of a 64-bit hash of each pair: three scans instead of
-- one large join. The two are equal when every measurement is queued or extracted and none has been deleted since.
CREATE OR REPLACE FUNCTION heimdall.total_coverage()
RETURNS TABLE (total_recordings bigint, recordings_with_features bigint, total_measurements bigint,
               measurements_with_features bigint, measurements_failed bigint, measurements_pending bigint,
               certain boolean)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '128MB'
SET enable_sort = off
SET parallel_setup_cost = 0
SET parallel_tuple_cost = 0
AS $$
BEGIN
    -- RETURN QUERY may run in parallel, SELECT INTO may not.
    RETURN QUERY
    SELECT s.total, g.recordings, m.total, g.total, b.total, q.total,
           m.total = g.total + b.total + q.total AND m.pairs = g.pairs # b.pairs # q.pairs
    FROM (
        SELECT count(*) AS total FROM heimdall.recording_sessions r WHERE r.status = 'completed'
    ) s, (
        SELECT count(*) AS total,
               coalesce(bit_xor(uuid_hash_extended(sm.measurement_id,
                                                   uuid_hash_extended(sm.recording_session_id, 0))), 0) AS pairs
        FROM heimdall.session_measurements sm
        WHERE sm.session_status = 'completed'
    ) m, (
        SELECT count(*) AS recordings, coalesce(sum(f.total), 0)::bigint AS total,
               coalesce(bit_xor(f.pairs), 0) AS pairs
        FROM (
            SELECT count(*) AS total,
                   bit_xor(uuid_hash_extended(mf.measurement_id,
                                              uuid_hash_extended(mf.recording_session_id, 0))) AS pairs
            FROM heimdall.measurement_features mf
            WHERE NOT mf.extraction_failed
            GROUP BY mf.recording_session_id
            HAVING EXISTS (SELECT FROM heimdall.recording_sessions r
                           WHERE r.id = mf.recording_session_id AND r.status = 'completed')
        ) f
    ) g, (
        SELECT count(*) AS total,
               coalesce(bit_xor(uuid_hash_extended(mf.measurement_id,
                                                   uuid_hash_extended(mf.recording_session_id, 0))), 0) AS pairs
        FROM heimdall.measurement_features mf
        JOIN heimdall.recording_sessions r ON r.id = mf.recording_session_id AND r.status = 'completed'
        WHERE mf.extraction_failed
          AND NOT EXISTS (SELECT FROM heimdall.feature_queue w
                          WHERE w.measurement_id = mf.measurement_id AND NOT w.recheck)
    ) b, (
        SELECT count(*) AS total,
               coalesce(bit_xor(uuid_hash_extended(w.measurement_id,
                                                   uuid_hash_extended(w.recording_session_id, 0))), 0) AS pairs
        FROM heimdall.feature_queue w
        JOIN heimdall.recording_sessions r ON r.id = w.recording_session_id AND r.status = 'completed'
        WHERE NOT w.recheck
    ) q;
END
$$;
COMMENT ON FUNCTION heimdall.total_coverage() IS
    'The counts of feature_coverage from totals only, and whether they are certain. Called by measure_coverage() only.';
