-- Whether our rows fit into this relation: it is our table of results, or that of an earlier extraction service. It has the
-- columns, a unique key (timestamp, measurement_id), and no other key over columns that we write.
CREATE OR REPLACE FUNCTION heimdall.fits_results(relation regclass) RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (SELECT c.relkind IN ('r', 'p') FROM pg_class c WHERE c.oid = relation)
        AND (SELECT count(*) = 5 FROM pg_attribute a
             WHERE a.attrelid = relation AND NOT a.attisdropped
               AND a.attname IN ('timestamp', 'measurement_id', 'receiver_features', 'overall_confidence',
                                 'num_receivers_detected'))
        AND (SELECT bool_or(k.columns = '{measurement_id,timestamp}')
                    AND bool_and(k.columns @> '{measurement_id,timestamp}'
                                 OR NOT k.columns <@ '{timestamp,measurement_id,recording_session_id}')
             FROM (SELECT (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                           WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0 : i.indnkeyatts - 1])) AS columns
                   FROM pg_index i WHERE i.indrelid = relation AND i.indisunique AND i.indpred IS NULL) k), false)
$$;
COMMENT ON FUNCTION heimdall.fits_results(regclass) IS 'Whether our results fit into this table. Called by migrations only.';
