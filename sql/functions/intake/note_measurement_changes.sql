-- Trigger function: notes which measurements have changed in a way that can matter: a new one with an object, another
-- location, time, session, receiver, format or sample rate, a deleted one. It reads the transition tables and nothing
-- else, so its cost does not depend on any table. It does not notify: the daemons look for notes every second, so a
-- thousand INSERTs a second wake nobody. The times let the expansion read one partition of a table that is partitioned
-- by time.
--
-- It never fails the application's statement: an error becomes a warning. A hash join finds the changed rows: it can
-- spill to disk, and its plan serves a statement of one row and one of 10,000.
DO $migration$
BEGIN
    EXECUTE heimdall.fit_to_application($function$
CREATE OR REPLACE FUNCTION heimdall.note_measurement_changes() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    batch CONSTANT integer := 500;
    changed uuid[];
    times   timestamptz[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg({n.measurement_id}), array_agg({n.measured_at}) INTO changed, times
        FROM new_rows n WHERE n.iq_data_location IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg({o.measurement_id}), array_agg({o.measured_at}) INTO changed, times
        FROM old_rows o WHERE o.iq_data_location IS NOT NULL;
    ELSE
        SELECT array_agg({n.measurement_id}), array_agg({n.measured_at}) INTO changed, times
        FROM new_rows n
        LEFT JOIN old_rows o ON o.id = n.id
        WHERE ({n.iq_data_location}, {n.measured_at}, {n.station}, {n.named_session}, {n.iq_data_format}, {n.iq_sample_rate})
              IS DISTINCT FROM
              ({o.iq_data_location}, {o.measured_at}, {o.station}, {o.named_session}, {o.iq_data_format}, {o.iq_sample_rate});
    END IF;

    FOR i IN 1 .. coalesce(cardinality(changed), 0) BY batch LOOP
        INSERT INTO heimdall.change_notes (kind, ids, times)
        VALUES ('measurement', changed[i : i + batch - 1], times[i : i + batch - 1]);
    END LOOP;
    -- The sessions that these measurements named before, for the kept counts: nobody can find them out later.
    IF TG_OP <> 'INSERT' AND changed IS NOT NULL THEN
        PERFORM heimdall.sessions_changed(ARRAY(SELECT DISTINCT {o.named_session} FROM old_rows o
                                                WHERE o.iq_data_location IS NOT NULL));
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'heimdall: changed measurements were not noted for extraction: % (%)', SQLERRM, SQLSTATE
        USING HINT = 'The statement itself is not affected; the next sweep finds the measurements.';
    RETURN NULL;
END
$$
    $function$);
END
$migration$;

COMMENT ON FUNCTION heimdall.note_measurement_changes() IS
    'Trigger function of measurements: notes which ones were added, changed or deleted. Reads no table and never fails '
    'the statement that fires it.';
