-- The receivers of a session that are not among these: for session_features. A receiver belongs to a session if it has a
-- measurement in it, with an object or not. A measurement without an object belongs to the session that it names.
DO $migration$
BEGIN
    EXECUTE heimdall.fit_to_application($function$
CREATE OR REPLACE FUNCTION heimdall.missing_receivers(session uuid, present text[]) RETURNS text[]
LANGUAGE plpgsql
STABLE PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
BEGIN
    RETURN ARRAY(
        SELECT sm.rx_id
        FROM heimdall.session_measurements sm
        WHERE sm.recording_session_id = session AND sm.rx_id <> ALL (present)
      UNION
        SELECT coalesce({st.station_name}, o.station)
        FROM (
            SELECT m.websdr_station_id::text AS station, m.websdr_station_id
            FROM heimdall.application_measurements m
            WHERE m.named_session = session AND m.iq_data_location IS NULL
        ) o
        LEFT JOIN heimdall.websdr_stations st ON {st.station_id} = o.websdr_station_id
        WHERE coalesce({st.station_name}, o.station) <> ALL (present)
        ORDER BY 1);
END
$$
    $function$);
END
$migration$;

COMMENT ON FUNCTION heimdall.missing_receivers(uuid, text[]) IS
    'The receivers with a measurement in a session, except these. For session_features.receivers_missing.';
