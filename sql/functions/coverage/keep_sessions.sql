-- Counts these sessions anew, and brings their kept counts and the totals up to date. The caller holds the lock of
-- coverage_totals. Returns the sessions whose kept counts were not what they have.
CREATE OR REPLACE FUNCTION heimdall.keep_sessions(session_ids uuid[]) RETURNS uuid[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    differing uuid[];
BEGIN
    WITH counted AS MATERIALIZED (
        SELECT * FROM heimdall.count_sessions(session_ids)
    ), kept AS MATERIALIZED (
        SELECT * FROM heimdall.session_counts k WHERE k.recording_session_id = ANY (session_ids)
    ), removed AS (
        DELETE FROM heimdall.session_counts k
        WHERE k.recording_session_id = ANY (ARRAY(SELECT o.recording_session_id FROM kept o
                                                  EXCEPT SELECT c.session_id FROM counted c))
        RETURNING k.recording_session_id
    ), written AS (
        INSERT INTO heimdall.session_counts AS k (recording_session_id, measurements, with_features, failed, pending)
        SELECT c.* FROM counted c
        ON CONFLICT (recording_session_id) DO UPDATE
        SET measurements = excluded.measurements, with_features = excluded.with_features, failed = excluded.failed,
            pending = excluded.pending
        WHERE (k.measurements, k.with_features, k.failed, k.pending)
              <> (excluded.measurements, excluded.with_features, excluded.failed, excluded.pending)
        RETURNING k.recording_session_id
    ), summed AS (
        UPDATE heimdall.coverage_totals t
        SET recordings = t.recordings + n.recordings,
            recordings_with_features = t.recordings_with_features + n.with_some,
            measurements = t.measurements + n.measurements, with_features = t.with_features + n.with_features,
            failed = t.failed + n.failed, pending = t.pending + n.pending
        FROM (SELECT coalesce(sum(d.sign), 0) AS recordings,
                     coalesce(sum(d.sign) FILTER (WHERE d.with_features > 0), 0) AS with_some,
                     coalesce(sum(d.sign * d.measurements), 0) AS measurements,
                     coalesce(sum(d.sign * d.with_features), 0) AS with_features,
                     coalesce(sum(d.sign * d.failed), 0) AS failed, coalesce(sum(d.sign * d.pending), 0) AS pending
              FROM (SELECT 1 AS sign, c.* FROM counted c UNION ALL SELECT -1, k.* FROM kept k) d) n
        WHERE EXISTS (SELECT FROM removed) OR EXISTS (SELECT FROM written)
    )
    SELECT array_agg(d.id) INTO differing
    FROM (SELECT recording_session_id AS id FROM removed UNION ALL SELECT recording_session_id FROM written) d;
    RETURN differing;
END
$$;
COMMENT ON FUNCTION heimdall.keep_sessions(uuid[]) IS
    'Counts these sessions anew for feature_coverage. Returns those that differed. Called by keep_coverage() only.';
