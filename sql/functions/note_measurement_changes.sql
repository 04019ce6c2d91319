-- Trigger function: notes which measurements have changed in a way that can matter: a new one with an object, another
-- location, time, session, receiver, format or sample rate, a deleted one. It reads the transition tables and nothing
-- else, so its cost does not depend on any table. It does not notify: the daemons look for notes every second, so a
-- thousand INSERTs a second wake nobody.
--
-- It never fails the application's statement: an error becomes a warning. recording_session_id, iq_data_format and
-- iq_sample_rate mean the table's columns where they exist, else the NULLs of "absent". EXCEPT finds the changed rows;
-- it sorts, because a sort can spill to disk.
CREATE OR REPLACE FUNCTION heimdall.note_measurement_changes() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_hashagg = off
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO heimdall.change_notes (kind, ids)
        SELECT 'measurement', array_agg(c.id)
        FROM (SELECT n.id::uuid AS id, (row_number() OVER () - 1) / 500 AS part
              FROM new_rows n WHERE n.iq_data_location IS NOT NULL) c
        GROUP BY c.part;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO heimdall.change_notes (kind, ids)
        SELECT 'measurement', array_agg(c.id)
        FROM (SELECT o.id::uuid AS id, (row_number() OVER () - 1) / 500 AS part
              FROM old_rows o WHERE o.iq_data_location IS NOT NULL) c
        GROUP BY c.part;
    ELSE
        INSERT INTO heimdall.change_notes (kind, ids)
        SELECT 'measurement', array_agg(c.id)
        FROM (SELECT u.id, (row_number() OVER () - 1) / 500 AS part
              FROM (SELECT x.* FROM (SELECT NULL::uuid AS recording_session_id, NULL::text AS iq_data_format,
                                            NULL::double precision AS iq_sample_rate) absent
                    CROSS JOIN LATERAL (SELECT id::uuid AS id, iq_data_location, created_at, websdr_station_id,
                                               recording_session_id, iq_data_format, iq_sample_rate FROM new_rows) x
                    EXCEPT
                    SELECT x.* FROM (SELECT NULL::uuid AS recording_session_id, NULL::text AS iq_data_format,
                                            NULL::double precision AS iq_sample_rate) absent
                    CROSS JOIN LATERAL (SELECT id::uuid AS id, iq_data_location, created_at, websdr_station_id,
                                               recording_session_id, iq_data_format, iq_sample_rate FROM old_rows) x) u
             ) c
        GROUP BY c.part;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: changed measurements were not noted for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The statement itself is not affected; the next sweep finds the measurements.';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION heimdall.note_measurement_changes() IS
    'Trigger function of measurements: notes which ones were added, changed or deleted. Reads no table and never fails '
    'the statement that fires it.';
