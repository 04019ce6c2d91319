-- Purpose: `heimdalld doctor`: what is wrong in the database, and what to type.
-- Parameters: $1 names of our functions, $2 names of our views; the schema stands and fits
-- Returns: level (ok, warning, wrong), subject, finding, hint (what to type, NULL where nothing is)
WITH found (ord, level, subject, finding, hint) AS (
    SELECT 1, CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean THEN 'wrong' ELSE 'ok' END, 'server',
           format('PostgreSQL %s, %s', current_setting('server_version'),
                  CASE WHEN pg_is_in_recovery() THEN 'a standby, which takes no writes'
                       WHEN current_setting('transaction_read_only')::boolean THEN 'read-only' ELSE 'takes writes' END),
           CASE WHEN pg_is_in_recovery() THEN 'let HEIMDALL_DATABASE_URL name the primary'
                WHEN current_setting('transaction_read_only')::boolean
                THEN format('ALTER ROLE %I RESET default_transaction_read_only; ALTER DATABASE %I RESET default_transaction_read_only;', session_user, current_database()) END
  UNION ALL
    -- A superuser's triggers fire too, but whoever sets session_replication_role = replica silences ours.
    SELECT 2, CASE WHEN t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A') THEN 'wrong' ELSE 'ok' END, 'trigger ' || w.name,
           CASE WHEN t.oid IS NULL THEN format('missing on heimdall.%s: nothing is queued by it, the sweep alone finds what is missed', w.relation)
                WHEN t.tgenabled NOT IN ('O', 'A') THEN format('disabled on heimdall.%s: nothing is queued by it, the sweep alone finds what is missed', w.relation)
                ELSE 'enabled' END,
           CASE WHEN t.oid IS NULL THEN 'heimdalld migrate'
                WHEN t.tgenabled NOT IN ('O', 'A') THEN format('ALTER TABLE heimdall.%I ENABLE TRIGGER %I;', w.relation, w.name) END
    FROM (VALUES ('heimdall_session_inserted', 'recording_sessions'), ('heimdall_session_updated', 'recording_sessions'),
                 ('heimdall_measurement_inserted', 'measurements'), ('heimdall_measurement_updated', 'measurements')) AS w (name, relation)
    LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass('heimdall.' || w.relation) AND t.tgname = w.name
  UNION ALL
    SELECT 3, 'wrong', 'triggers', format('session_replication_role = replica for %s: no trigger fires for it',
               coalesce('role ' || r.rolname, 'everybody') || coalesce(' in database ' || d.datname, '')),
           format('ALTER %s RESET session_replication_role;', CASE WHEN r.rolname IS NULL THEN format('DATABASE %I', d.datname)
               ELSE format('ROLE %I', r.rolname) || coalesce(format(' IN DATABASE %I', d.datname), '') END)
    FROM pg_db_role_setting s
    LEFT JOIN pg_roles r ON r.oid = s.setrole
    LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE 'session_replication_role=replica' = ANY (s.setconfig) AND (d.datname IS NULL OR d.datname = current_database())
  UNION ALL
    SELECT 4, CASE WHEN count(*) FILTER (WHERE missing) > 0 THEN 'wrong' ELSE 'ok' END, 'functions and views',
           coalesce('missing: ' || string_agg(name, ', ' ORDER BY name) FILTER (WHERE missing), format('all %s are there', count(*))),
           CASE WHEN count(*) FILTER (WHERE missing) > 0 THEN 'heimdalld migrate' END
    FROM (SELECT f.name, NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'heimdall'::regnamespace AND p.proname = f.name) AS missing
          FROM unnest($1::text[]) AS f (name)
        UNION ALL
          SELECT v.name, to_regclass('heimdall.' || quote_ident(v.name)) IS NULL FROM unnest($2::text[]) AS v (name)) n
  UNION ALL
    SELECT 5, CASE WHEN m.may IS NOT TRUE THEN 'wrong' WHEN r.rolsuper THEN 'warning' ELSE 'ok' END, 'login',
           CASE WHEN m.may IS NOT TRUE THEN format('%s is no member of heimdall_daemon', session_user)
                WHEN r.rolsuper THEN format('%s is a superuser: works, and may do far more than a daemon needs', session_user)
                ELSE format('%s is a member of heimdall_daemon', session_user) END,
           CASE WHEN to_regrole('heimdall_daemon') IS NULL THEN 'CREATE ROLE heimdall_daemon NOLOGIN;  then: heimdalld migrate'
                WHEN m.may IS NOT TRUE THEN format('GRANT heimdall_daemon TO %I;', session_user)
                WHEN r.rolsuper THEN 'CREATE ROLE heimdalld LOGIN PASSWORD ''…'' IN ROLE heimdall_daemon;' END
    FROM pg_roles r, LATERAL (SELECT CASE WHEN to_regrole('heimdall_daemon') IS NOT NULL
                                          THEN pg_has_role(session_user, to_regrole('heimdall_daemon'), 'USAGE') END AS may) m
    WHERE r.rolname = session_user
  UNION ALL
    SELECT 6, CASE WHEN lacking IS NULL THEN 'ok' ELSE 'wrong' END, 'rights',
           CASE WHEN lacking IS NULL THEN 'all that the daemon needs' ELSE format('%s may not: %s', session_user, lacking) END,
           CASE WHEN lacking IS NOT NULL THEN 'heimdalld migrate' END
    FROM (SELECT string_agg(w.privilege || ' on ' || w.relation, ', ') AS lacking
          FROM (VALUES ('feature_queue', 'SELECT'), ('feature_queue', 'UPDATE'), ('feature_queue', 'DELETE'),
                       ('measurement_features', 'SELECT'), ('measurement_features', 'INSERT'), ('measurement_features', 'UPDATE'), ('measurement_features', 'DELETE'),
                       ('worker_heartbeats', 'SELECT'), ('worker_heartbeats', 'INSERT'), ('worker_heartbeats', 'UPDATE'), ('worker_heartbeats', 'DELETE'),
                       ('backfills', 'UPDATE'), ('sweep_state', 'UPDATE'), ('queue_depth', 'UPDATE'), ('feature_parts', 'INSERT'), ('feature_parts', 'DELETE'), ('extraction_control', 'SELECT'),
                       ('schema_migrations', 'SELECT'), ('pending_features', 'SELECT')) AS w (relation, privilege)
          WHERE has_schema_privilege('heimdall', 'USAGE') IS NOT TRUE
             OR has_table_privilege(to_regclass('heimdall.' || w.relation), w.privilege) IS NOT TRUE) l
  UNION ALL
    -- The list of functions/missing_base_indexes.sql, which takes a lock and is not the daemon's to call.
    SELECT 7, CASE WHEN count(i.oid) > 0 THEN 'wrong' ELSE 'ok' END, 'indexes',
           CASE WHEN count(i.oid) = 0 THEN 'on the application''s tables: all there' ELSE 'missing on ' || string_agg(format('%s.%s', i.relname, i.attname), ', ') || ': claims and triggers read whole tables' END,
           CASE WHEN count(i.oid) > 0 THEN 'heimdalld migrate' END
    FROM (SELECT t.oid, t.relname, a.attname
          FROM (VALUES ('recording_sessions', 'id'), ('recording_sessions', 'created_at'), ('recording_sessions', 'duration_seconds'),
                       ('measurements', 'id'), ('measurements', 'created_at'), ('measurements', 'recording_session_id'), ('websdr_stations', 'id')) AS n (table_name, column_name)
          JOIN pg_class t ON t.relname = n.table_name AND t.relnamespace = 'heimdall'::regnamespace AND t.relkind IN ('r', 'p')
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = n.column_name AND NOT a.attisdropped
          WHERE NOT EXISTS (SELECT FROM pg_index x JOIN pg_class ic ON ic.oid = x.indexrelid JOIN pg_am am ON am.oid = ic.relam
                            WHERE x.indrelid = t.oid AND x.indkey[0] = a.attnum AND am.amname = 'btree' AND x.indisvalid AND x.indpred IS NULL)) i
  UNION ALL
    SELECT 8, CASE WHEN NOT current_setting('autovacuum')::boolean OR off.here OR s.n_dead_tup > 200000 THEN 'warning' ELSE 'ok' END, 'autovacuum',
           CASE WHEN NOT current_setting('autovacuum')::boolean THEN 'switched off for the whole server: the queue''s tables only grow'
                WHEN off.here THEN 'switched off for heimdall.feature_queue: it only grows'
                WHEN s.n_dead_tup > 200000 THEN format('does not keep up with heimdall.feature_queue: %s dead rows', s.n_dead_tup)
                ELSE format('feature_queue has %s dead rows, last vacuumed %s', s.n_dead_tup, coalesce(date_trunc('second', s.last_autovacuum)::text, 'never')) END,
           CASE WHEN NOT current_setting('autovacuum')::boolean THEN 'ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();'
                WHEN off.here THEN 'ALTER TABLE heimdall.feature_queue RESET (autovacuum_enabled);'
                WHEN s.n_dead_tup > 200000 THEN 'VACUUM VERBOSE heimdall.feature_queue;  it says what it may not remove, and a snapshot held open, see below, is why' END
    FROM pg_stat_all_tables s,
         LATERAL (SELECT coalesce('autovacuum_enabled=false' = ANY (c.reloptions) OR 'autovacuum_enabled=off' = ANY (c.reloptions), false) AS here
                  FROM pg_class c WHERE c.oid = s.relid) off
    WHERE s.schemaname = 'heimdall' AND s.relname = 'feature_queue'
  UNION ALL
    -- Other users' transactions are shown to pg_read_all_stats alone.
    SELECT 9, CASE WHEN o.seconds > 300 OR o.transactions > 1000000 THEN 'warning' ELSE 'ok' END, 'oldest snapshot',
           CASE WHEN o.pid IS NULL AND NOT may.see THEN format('%s cannot see what others hold', session_user)
                WHEN o.pid IS NULL THEN 'none is held' ELSE format('held by process %s (%s) for %s transactions%s%s', o.pid, coalesce(nullif(o.application_name, ''), 'no name'), o.transactions,
                           coalesce(', ' || round(o.seconds) || ' s', ''),
                           CASE WHEN o.seconds > 300 OR o.transactions > 1000000 THEN ': dead rows of the queue cannot be removed, claims slow down' ELSE '' END) END,
           CASE WHEN o.seconds > 300 OR o.transactions > 1000000 THEN format('SELECT pg_terminate_backend(%s);', o.pid)
                WHEN NOT may.see THEN format('GRANT pg_read_all_stats TO %I;', session_user) END
    FROM (SELECT pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS see) AS may
    LEFT JOIN LATERAL (SELECT a.pid, a.application_name, age(a.backend_xmin) AS transactions, extract(epoch FROM clock_timestamp() - a.xact_start) AS seconds
                       FROM pg_stat_activity a
                       WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
                       ORDER BY age(a.backend_xmin) DESC, a.xact_start LIMIT 1) o ON true
  UNION ALL
    SELECT 10, CASE WHEN u.usage > 0.9 THEN 'wrong' WHEN u.usage > 0.5 THEN 'warning' ELSE 'ok' END, 'notification queue',
           format('%s %% full%s', round((u.usage * 100)::numeric, 1), CASE WHEN u.usage > 0.9 THEN ': daemons are not woken any more and poll' ELSE '' END),
           CASE WHEN u.usage > 0.5 THEN 'SELECT pid, application_name, xact_start FROM pg_stat_activity ORDER BY xact_start LIMIT 5;  the oldest that listens holds it up: SELECT pg_terminate_backend(pid);' END
    FROM (SELECT pg_notification_queue_usage() AS usage) u
  UNION ALL
    SELECT 11, CASE WHEN count(*) = 0 THEN 'warning' ELSE 'ok' END, 'workers',
           CASE WHEN count(*) = 0 THEN 'no daemon is alive: nothing is extracted'
                ELSE format('%s alive, %s recordings in hand', count(*), sum(w.in_flight)) END,
           CASE WHEN count(*) = 0 THEN 'heimdalld run' END
    FROM heimdall.extraction_workers w
  UNION ALL
    SELECT 12, CASE WHEN c.paused THEN 'warning' ELSE 'ok' END, 'pause',
           CASE WHEN c.paused THEN format('paused by %s since %s: %s', c.paused_by, date_trunc('second', c.paused_at), c.pause_reason) ELSE 'not paused' END,
           CASE WHEN c.paused THEN 'SELECT heimdall.resume_extraction();' END
    FROM heimdall.extraction_control c
)
SELECT level, subject, finding, hint FROM found ORDER BY ord, subject;
