-- Purpose: everything that is known of a measurement.
-- Parameters: $1 measurement, $2 how many segments at most
-- Returns: report: status (as in measurement_status), recording (what the application says of it), result (the row of
--   extracted_features, segments apart), segments (the first ones), total_segments; no row: no measurement has this id
-- Plan: look-ups by measurement; functions/status_of.sql.
SELECT jsonb_build_object(
           'status', to_jsonb(t) || jsonb_build_object(
               'age_s', extract(epoch FROM now() - t.since), 'next_try_s', extract(epoch FROM t.next_try_at - now())),
           'worker', (SELECT jsonb_build_object('host', w.host, 'pid', w.pid) FROM heimdall.extraction_workers w
                      WHERE w.worker_id = t.worker_id),
           'recording', (SELECT to_jsonb(m) FROM heimdall.session_measurements m
                         WHERE m.measurement_id = t.measurement_id LIMIT 1),
           'kind', (SELECT to_jsonb(k) FROM heimdall.feature_error_kinds k WHERE k.error_kind = t.error_kind),
           'result', to_jsonb(f) - 'receiver_features',
           'segments', coalesce(to_jsonb(f.receiver_features[1 : $2::integer]), '[]'),
           'total_segments', coalesce(cardinality(f.receiver_features), 0)) AS report
FROM heimdall.status_of(measurement => $1::uuid) t
LEFT JOIN LATERAL (
    SELECT g.* FROM heimdall.extracted_features g
    WHERE g.measurement_id = t.measurement_id
    ORDER BY g.extraction_failed, g.updated_at DESC LIMIT 1
) f ON true
LIMIT 1;
