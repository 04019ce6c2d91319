-- What the doctor's statement says about triggers: of a hypertable, which refuses ENABLE TRIGGER, and where roles or everybody
-- have session_replication_role = replica.
\ir prepare.sql
\set q `cat sql/queries/doctor.sql`
PREPARE doctor AS :q
BEGIN;
SET LOCAL client_min_messages = error;
CREATE FUNCTION pg_temp.said(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    one record; lines text[];
BEGIN
    FOR one IN EXECUTE $q$EXECUTE doctor('{}', '{}')$q$ LOOP
        lines := lines || CASE WHEN one.subject = what AND one.level <> 'ok' THEN concat_ws(' | ', one.level, one.hint) END;
    END LOOP;
    RETURN array_to_string(lines, E'\n');
END
$$;
ALTER TABLE heimdall.measurements DISABLE TRIGGER heimdall_measurement_updated;
SELECT pg_temp.expect('ordinary', pg_temp.said('trigger heimdall_measurement_updated'), 'wrong | ALTER TABLE heimdall.measurements ENABLE TRIGGER heimdall_measurement_updated;');
SAVEPOINT s;
ALTER TABLE heimdall.measurements ENABLE TRIGGER heimdall_measurement_updated;
CREATE TABLE heimdall.measurements_2026 () INHERITS (heimdall.measurements);
SELECT pg_temp.expect('a table that inherits', pg_temp.said('trigger heimdall_measurement_updated'), 'wrong | heimdalld migrate');
\ir ../../sql/triggers/application_tables.sql
SELECT pg_temp.expect('it has its own', pg_temp.said('trigger heimdall_measurement_updated'), '');
ROLLBACK TO s;
\ir applications/origin/timescaledb.sql
SELECT public.create_hypertable('heimdall.measurements', 'created_at');
SELECT pg_temp.expect('a hypertable', pg_temp.said('trigger heimdall_measurement_updated'), 'wrong | DROP TRIGGER heimdall_measurement_updated ON heimdall.measurements;  then: heimdalld migrate');
DROP TRIGGER heimdall_measurement_updated ON heimdall.measurements;
\ir ../../sql/triggers/application_tables.sql
SELECT pg_temp.expect('mended', pg_temp.said('trigger heimdall_measurement_updated'), '');

CREATE ROLE heimdall_test_replica NOLOGIN;
ALTER ROLE heimdall_test_replica SET session_replication_role = replica;
SELECT pg_temp.expect('a role', pg_temp.said('triggers'), 'wrong | ALTER ROLE heimdall_test_replica RESET session_replication_role;');
ALTER ROLE heimdall_test_replica RESET session_replication_role;
ALTER ROLE ALL SET session_replication_role = replica;
SELECT pg_temp.expect('everybody', pg_temp.said('triggers'), 'wrong | ALTER ROLE ALL RESET session_replication_role;');
SELECT pg_temp.expect('what stands in the way', pg_temp.said('results'), '');
ALTER TABLE heimdall.measurement_features ADD COLUMN tx_known boolean NOT NULL;
SELECT pg_temp.expect('a column of somebody', pg_temp.said('results'), 'wrong | ALTER TABLE heimdall.measurement_features ALTER COLUMN tx_known DROP NOT NULL;');
ROLLBACK;
