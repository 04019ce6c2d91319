-- What in this database stands in the way of the installation or of the extraction, each with what to type. A migration
-- asks it before it begins and after it, `heimdalld migrate --check` and `heimdalld doctor` at any time. It reads the
-- catalogues and changes nothing. Before the first installation, `migrate --check` makes it in a transaction that it
-- rolls back, together with the functions that it calls.
--
-- level: blocks (a migration fails), wrong (something is not extracted), warning, ok.
CREATE OR REPLACE FUNCTION heimdall.find_obstacles()
RETURNS TABLE (level text, subject text, finding text, hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    -- What is written into a row of results.
    written CONSTANT text[] := '{timestamp,measurement_id,recording_session_id,receiver_features,extraction_metadata,
        overall_confidence,mean_snr_db,num_receivers_detected,extraction_failed,error_kind,error_message,attempts,created_at,
        updated_at,source_fingerprint,failed_fingerprint,last_error_kind,last_error_message,last_failed_at,
        rx_id}';
    is_installed CONSTANT boolean := to_regclass('heimdall.extracted_features') IS NOT NULL;
    sessions CONSTANT regclass := to_regclass('heimdall.recording_sessions');
    results  CONSTANT regclass := CASE WHEN is_installed THEN heimdall.results_table() END;
    named    CONSTANT regclass := to_regclass('heimdall.measurement_features');
    one      record;
    refused  boolean;
    applied  integer[] := '{}';
BEGIN
    -- Names of our tables and views that something else has.
    IF to_regclass('heimdall.schema_migrations') IS NOT NULL THEN
        EXECUTE 'SELECT coalesce(array_agg(m.version), ''{}'') FROM heimdall.schema_migrations m' INTO applied;
    END IF;
    IF applied = '{}' AND to_regclass('heimdall.feature_queue') IS NOT NULL AND to_regclass('heimdall.backfills') IS NOT NULL
       AND to_regclass('heimdall.schema_migrations') IS NOT NULL THEN
        RETURN QUERY SELECT 'blocks', 'schema_migrations',
            'it has no rows, and tables of ours exist: a schema was restored without its rows',
            'pg_dump --data-only --table=heimdall.schema_migrations … | psql …;  from where the dump was made, then: heimdalld migrate';
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'blocks', format('heimdall.%s', w.name), format('a %s of this name exists, and it is not ours', lower(k.kind)),
           format('ALTER %s heimdall.%I RENAME TO %I;  and what uses it', k.kind, w.name, 'other_' || w.name)
    FROM (SELECT t.name, t.version
          FROM (VALUES ('backfills', 3), ('feature_queue', 4), ('extraction_control', 5), ('worker_heartbeats', 6),
                       ('sweep_state', 7), ('queue_depth', 9), ('feature_parts', 10), ('change_notes', 11),
                       ('cancelled_measurements', 11), ('session_counts', 12), ('coverage_changes', 12),
                       ('coverage_totals', 12), ('session_locks', 14), ('installed_definitions', 15), ('feature_minutes', 17),
                       ('page_actions', 18), ('backfill_changes', 20)) AS t (name, version)
        UNION ALL
          -- A view may be older than the list of versions says, so only before the first installation.
          SELECT v.name, 1
          FROM unnest(heimdall.our_views()) AS v (name)) w
    CROSS JOIN LATERAL (
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'c' THEN 'TYPE' WHEN 'S' THEN 'SEQUENCE'
                              ELSE 'TABLE' END AS kind
        FROM pg_class c WHERE c.oid = to_regclass('heimdall.' || w.name)
      UNION ALL
        SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END
        FROM pg_type t WHERE t.typnamespace = 'heimdall'::regnamespace AND t.typname = w.name AND t.typrelid = 0
    ) k
    WHERE w.version <> ALL (applied)
    ORDER BY w.name;

    RETURN QUERY
    SELECT 'blocks', format('heimdall.%s', w.name), 'the application''s table does not exist any more',
           'let the application make it, or for one of ours: DELETE FROM heimdall.schema_migrations WHERE version = 1;  then: '
           'heimdalld migrate'
    FROM unnest(ARRAY['measurements', 'recording_sessions', 'websdr_stations']) AS w (name)
    WHERE 1 = ANY (applied) AND to_regclass('heimdall.' || w.name) IS NULL;

    -- Columns and types.
    FOR one IN SELECT f.* FROM heimdall.application_fields() f
               WHERE to_regclass('heimdall.' || f.relation) IS NOT NULL AND f.relation <> 'known_sources' LOOP
        BEGIN
            PERFORM heimdall.application_value('t', one.field);
        EXCEPTION WHEN undefined_column OR datatype_mismatch THEN
            level := 'blocks';
            subject := 'heimdall.' || one.relation;
            finding := replace(SQLERRM, 'heimdall: ', '');
            GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
            hint := replace(hint, 'Type:  ', '');
            RETURN NEXT;
        END;
    END LOOP;

    RETURN QUERY
    SELECT 'blocks', format('heimdall.%s', c.relname),
           format('it is a hypertable, and TimescaleDB %s has no transition tables for its triggers; 2.18 has', x.extversion),
           'install TimescaleDB 2.18 or later, then: ALTER EXTENSION timescaledb UPDATE;'
    FROM pg_extension x
    CROSS JOIN pg_class c
    WHERE x.extname = 'timescaledb' AND c.relnamespace = 'heimdall'::regnamespace
      AND c.relname IN ('recording_sessions', 'measurements') AND heimdall.is_hypertable(c.oid::regclass)
      AND string_to_array(substring(x.extversion FROM '^[0-9]+[.][0-9]+'), '.')::integer[] < '{2,18}';

    RETURN QUERY
    SELECT 'blocks', format('heimdall.%s', c.relname),
           format('it is a %s, and PostgreSQL has no trigger there that can note changes',
                  CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END),
           format('give the table itself this name: ALTER TABLE … SET SCHEMA heimdall; ALTER TABLE … RENAME TO %I;  '
                  'where it was, a view can take its place', c.relname)
    FROM pg_class c
    WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relname IN ('recording_sessions', 'measurements')
      AND c.relkind NOT IN ('r', 'p')
    ORDER BY c.relname;

    RETURN QUERY
    SELECT CASE WHEN is_installed THEN 'wrong' ELSE 'warning' END, 'statuses',
           format('recording_sessions.status is one of %s: none counts as completed, so nothing is extracted',
                  string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)),
           CASE WHEN is_installed THEN '' ELSE 'after the installation: ' END
           || format('SELECT heimdall.set_completed_statuses(%L);  or the one that a finished session has',
                     (array_agg(e.enumlabel ORDER BY e.enumsortorder DESC))[1])
    FROM pg_attribute a
    JOIN pg_enum e ON e.enumtypid = a.atttypid
    WHERE a.attrelid = sessions AND a.attname = 'status'
    HAVING count(*) > 0 AND NOT bool_or(e.enumlabel::text = ANY (heimdall.completed_statuses()));

    RETURN QUERY
    SELECT CASE WHEN r.lacking = '' THEN 'warning' ELSE 'blocks' END, 'session_measurements',
           CASE WHEN r.lacking = '' THEN 'redefined here; migrations keep the definition'
                ELSE 'redefined here, and it does not fit: ' || r.lacking END,
           'DROP VIEW heimdall.session_measurements CASCADE;  then: heimdalld migrate'
           || CASE WHEN r.lacking = '' THEN '  (to have ours)' ELSE ', and define it again' END
    FROM heimdall.redefined_view() AS r (lacking)
    WHERE r.lacking IS NOT NULL;

    -- What our views read is a matter of the last migration.
    IF is_installed THEN
        RETURN QUERY
        SELECT CASE WHEN bool_or(d.is_read) THEN 'warning' ELSE 'wrong' END, format('heimdall.%s', d.relation),
               CASE WHEN bool_or(d.is_read)
                    THEN format('our views do not read %s, which came or changed after the last migration',
                                string_agg(DISTINCT d.name::text, ', ' ORDER BY d.name::text) FILTER (WHERE NOT d.is_read))
                    ELSE 'our views read another table, which had this name when they were made' END,
               'heimdalld migrate'
        FROM (SELECT f.relation, c.name,
                     EXISTS (SELECT FROM pg_rewrite r
                             JOIN pg_depend p ON p.classid = 'pg_rewrite'::regclass AND p.objid = r.oid
                             JOIN pg_attribute a ON a.attrelid = p.refobjid AND a.attnum = p.refobjsubid AND a.attname = c.name
                             WHERE r.ev_class = to_regclass(replace('heimdall.application_' || f.relation, 'recording_', ''))
                               AND p.refobjid = to_regclass('heimdall.' || f.relation)) AS is_read
              FROM heimdall.application_fields() f
              CROSS JOIN LATERAL heimdall.application_column('t', f.field) c
              WHERE f.relation IN ('measurements', 'recording_sessions')
                AND to_regclass(replace('heimdall.application_' || f.relation, 'recording_', '')) IS NOT NULL) d
        GROUP BY d.relation
        HAVING NOT bool_and(d.is_read);
        RETURN QUERY
        SELECT 'wrong', one_row.name, format('heimdall.%s has no row: %s', one_row.name, one_row.consequence), 'heimdalld migrate'
        FROM (VALUES ('extraction_control', 'nothing is claimed', (SELECT count(*) FROM heimdall.extraction_control)),
                     ('sweep_state', 'nothing is swept', (SELECT count(*) FROM heimdall.sweep_state)),
                     ('queue_depth', 'the queue is not counted', (SELECT count(*) FROM heimdall.queue_depth)),
                     ('coverage_totals', 'no counts are kept', (SELECT count(*) FROM heimdall.coverage_totals)))
             AS one_row (name, consequence, n)
        WHERE one_row.n = 0;
        RETURN QUERY
        SELECT 'wrong', 'session_locks', format('heimdall.session_locks lacks %s of its 4096 rows: some sessions are not announced',
                                                4096 - count(*)), 'heimdalld migrate'
        FROM heimdall.session_locks
        HAVING count(*) < 4096;
    END IF;
    RETURN QUERY
    SELECT 'warning', format('heimdall.%s', f.relation),
           format('%s is a text: its session is looked for in all of the table', c.name),
           format('ALTER TABLE heimdall.%1$I ALTER COLUMN %2$I TYPE timestamptz USING heimdall.as_time(%2$I::text);  as sql/README.md says '
                  'under Limits', f.relation, c.name)
    FROM heimdall.application_fields() f
    CROSS JOIN LATERAL heimdall.application_column('t', f.field) c
    WHERE f.field IN ('measured_at', 'started_at') AND c.category = 'S';

    IF named <> results AND is_installed THEN
        RETURN QUERY SELECT 'ok', 'results', format('in %s; heimdall.measurement_features is the application''s', results), NULL;
    ELSIF NOT is_installed AND named IS NOT NULL AND NOT heimdall.fits_results(named) THEN
        RETURN QUERY SELECT 'ok', 'results',
            'heimdall.measurement_features is the application''s and stays as it is; ours will be '
            'heimdall.heimdalld_measurement_features', NULL;
    ELSIF named = results
          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = sessions AND a.attname = 'session_start') THEN
        RETURN QUERY SELECT 'warning', 'results',
            'in heimdall.measurement_features; an application with session_start may want to make a table of this name',
            'SELECT heimdall.move_results();  then the application''s own migration';
    END IF;

    -- What refuses our rows.
    RETURN QUERY
    SELECT 'wrong', 'results', format('the unique key %s (%s) of %s refuses all but one of our rows', k.name, k.columns, results),
           CASE WHEN NOT heimdall.fits_results(results)
                THEN 'SELECT heimdall.move_results();  then: heimdalld migrate  (the table is the application''s; ours will be '
                     'another one)'
                WHEN k.constraint_name IS NULL THEN format('DROP INDEX %s;', k.name)
                ELSE format('ALTER TABLE %s DROP CONSTRAINT %I;', results, k.constraint_name) END
    FROM (SELECT i.indexrelid::regclass AS name, string_agg(a.attname, ', ') AS columns, array_agg(a.attname::text) AS names,
                 (SELECT c.conname FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = results) AS constraint_name
          FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0 : i.indnkeyatts - 1])
          WHERE i.indrelid = results AND i.indisunique
          GROUP BY i.indexrelid) k
    WHERE k.names <@ written AND NOT k.names @> '{measurement_id}';

    RETURN QUERY
    SELECT 'wrong', 'results', format('the foreign key %s of %s keeps rows of %s from being deleted or moved', k.conname,
                                      k.conrelid::regclass, results),
           format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s ON UPDATE CASCADE ON DELETE CASCADE;', k.conrelid::regclass, k.conname,
                  substring(pg_get_constraintdef(k.oid) FROM '^FOREIGN KEY [(].*[)] REFERENCES [^(]+[(][^)]*[)]'))
    FROM pg_constraint k
    WHERE k.confrelid = results AND k.contype = 'f' AND k.conparentid = 0
      AND ('a' IN (k.confupdtype, k.confdeltype) OR 'r' IN (k.confupdtype, k.confdeltype));

    RETURN QUERY
    SELECT 'wrong', 'results', format('the column %s of %s must not be NULL, and our rows do not have it', a.attname, results),
           format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL;', results, a.attname)
    FROM pg_attribute a
    WHERE a.attrelid = results AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
      AND a.attidentity = '' AND a.attname::text <> ALL (written);

    -- Each CHECK is tried with a row of features and with an error row.
    FOR one IN
        SELECT c.conname AS name, pg_get_expr(c.conbin, c.conrelid) AS expression
        FROM pg_constraint c WHERE c.conrelid = results AND c.contype = 'c'
    LOOP
        EXECUTE format($sample$
            SELECT bool_or(NOT (%s)) FROM jsonb_populate_recordset(NULL::%s,
                '[{"timestamp": "2026-01-01T00:00:00Z", "measurement_id": "00000000-0000-0000-0000-000000000001",
                   "recording_session_id": "00000000-0000-0000-0000-000000000002", "receiver_features": [{"rx_id": "a"}],
                   "extraction_metadata": {}, "overall_confidence": 0.5, "mean_snr_db": 10, "num_receivers_detected": 1,
                   "extraction_failed": false, "attempts": 1},
                  {"timestamp": "2026-01-01T00:00:00Z", "measurement_id": "00000000-0000-0000-0000-000000000001",
                   "recording_session_id": "00000000-0000-0000-0000-000000000002", "receiver_features": [],
                   "extraction_metadata": {}, "overall_confidence": 0, "num_receivers_detected": 0,
                   "extraction_failed": true, "error_kind": "not_found", "error_message": "x", "attempts": 0}]')$sample$,
            one.expression, results) INTO refused;
        IF refused THEN
            RETURN QUERY SELECT 'wrong', 'results',
                format('the CHECK %s of %s refuses rows of ours: %s', one.name, results, one.expression),
                format('ALTER TABLE %s DROP CONSTRAINT %I;', results, one.name);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION heimdall.find_obstacles() IS
    'What in this database stands in the way of the installation or of the extraction, and what to type.';
