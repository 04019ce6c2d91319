-- Whether session_measurements counts as ours: after a dump and restore, and for sessions with other settings.
\ir ../prepare.sql
BEGIN;
SET LOCAL client_min_messages = error;
SELECT pg_temp.expect('installed', heimdall.redefined_view(), NULL);
-- What a restore makes of it: the text, read again. Its parentheses are others.
CREATE TEMP TABLE before AS SELECT heimdall.view_definition('session_measurements') AS text;
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW heimdall.session_measurements AS ' || heimdall.view_definition('session_measurements'); END $$;
SELECT pg_temp.expect('restored, the text differs', (SELECT text <> heimdall.view_definition('session_measurements') FROM before), true);
SELECT pg_temp.expect('restored', heimdall.redefined_view(), NULL);
-- Settings of a role or database.
SET LOCAL timezone = 'Asia/Kathmandu';
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL intervalstyle = 'sql_standard';
SET LOCAL extra_float_digits = -10;
SET LOCAL quote_all_identifiers = on;
SET LOCAL search_path = heimdall, public;
SELECT pg_temp.expect('other settings', heimdall.redefined_view(), NULL);
-- An earlier migration stored what such a session printed.
SET LOCAL search_path = pg_catalog;
UPDATE heimdall.installed_definitions SET definition = pg_get_viewdef('heimdall.session_measurements');
RESET timezone;
RESET datestyle;
RESET quote_all_identifiers;
SELECT pg_temp.expect('stored with other settings', heimdall.redefined_view(), NULL);
-- Another rule is another definition, whatever is around it.
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW heimdall.session_measurements AS '
    || replace(heimdall.view_definition('session_measurements'), '604800', '604801'); END $$;
SELECT pg_temp.expect('redefined', heimdall.redefined_view(), '');
ROLLBACK;
