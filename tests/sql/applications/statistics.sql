-- The doctor says that a partitioned table was never analysed, which autovacuum leaves to the administrator.
\ir ../prepare.sql
\set q `cat sql/queries/doctor.sql`
PREPARE doctor AS :q
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
DROP TABLE heimdall.measurements;
CREATE TABLE heimdall.measurements (
    id uuid NOT NULL, websdr_station_id uuid, frequency_hz bigint, signal_strength_db float8, iq_data_location text,
    created_at timestamptz NOT NULL, PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE heimdall.measurements_all PARTITION OF heimdall.measurements DEFAULT;
\o /dev/null
\ir ../../../sql/install.sql
\o
BEGIN;
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    one record; lines text[];
BEGIN
    FOR one IN EXECUTE $q$EXECUTE doctor('{}', '{}')$q$ LOOP
        lines := lines || CASE WHEN one.subject = 'statistics' THEN concat_ws(' ', one.level, one.hint) END;
    END LOOP;
    RETURN array_to_string(lines, E'\n');
END
$$;
SELECT pg_temp.expect('nothing of a small table', pg_temp.said(), '');
INSERT INTO heimdall.measurements (id, iq_data_location, created_at)
SELECT gen_random_uuid(), repeat('x', 200), timestamptz '2020-01-01 00:00Z' + i * interval '1 s' FROM generate_series(1, 6000) i;
SELECT pg_temp.expect('of a larger one', pg_temp.said(), 'warning ANALYZE heimdall.measurements;');
ANALYZE heimdall.measurements;
SELECT pg_temp.expect('nothing after it', pg_temp.said(), '');
ROLLBACK;
