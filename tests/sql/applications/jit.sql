-- The doctor says that JIT should be off where a table has hundreds of partitions.
\ir ../prepare.sql
\set q `cat sql/queries/doctor.sql`
PREPARE doctor AS :q
DROP VIEW heimdall.application_sessions, heimdall.application_measurements, heimdall.session_transmitters CASCADE;
DROP TABLE heimdall.measurements;
CREATE TABLE heimdall.measurements (
    id uuid NOT NULL, websdr_station_id uuid, frequency_hz bigint, signal_strength_db float8, iq_data_location text,
    created_at timestamptz NOT NULL, PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
SELECT format('CREATE TABLE heimdall.measurements_%s PARTITION OF heimdall.measurements FOR VALUES FROM (%L) TO (%L)', d,
              timestamptz '2020-01-01 00:00Z' + d * interval '1 day', timestamptz '2020-01-02 00:00Z' + d * interval '1 day')
FROM generate_series(1, 100) d \gexec
\o /dev/null
\ir ../../../sql/install.sql
\o
BEGIN;
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    one record; lines text[];
BEGIN
    FOR one IN EXECUTE $q$EXECUTE doctor('{}', '{}')$q$ LOOP
        lines := lines || CASE WHEN one.subject = 'jit' THEN concat_ws(' ', one.level, one.hint) END;
    END LOOP;
    RETURN array_to_string(lines, E'\n');
END
$$;
SET LOCAL jit = on;
SELECT pg_temp.expect('a hundred partitions', pg_temp.said(), '');
CREATE TABLE heimdall.measurements_rest PARTITION OF heimdall.measurements DEFAULT;
SELECT pg_temp.expect('one more', pg_temp.said(), format('warning ALTER DATABASE %I SET jit = off;', current_database()));
SET LOCAL jit = off;
SELECT pg_temp.expect('it is off', pg_temp.said(), '');
ROLLBACK;
