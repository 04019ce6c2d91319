-- Purpose: `heimdalld doctor`: what is wrong in the database, and what to type. Needs a schema that fits the daemon.
-- Parameters: $1 names of our functions, $2 names of our views
-- Returns: level (ok, warning, wrong), subject, finding, hint (what to type, or NULL)
WITH found (ord, level, subject, finding, hint) AS (
    SELECT 1, CASE WHEN s.standby OR s.read_only THEN 'wrong' ELSE 'ok' END, 'server',
           format('PostgreSQL %s, %s', current_setting('server_version'),
                  CASE WHEN s.standby THEN 'a standby, which takes no writes'
                       WHEN s.read_only THEN 'read-only' ELSE 'takes writes' END),
           CASE WHEN s.standby THEN 'let HEIMDALL_DATABASE_URL name the primary'
                WHEN s.read_only
                THEN format('ALTER ROLE %I RESET default_transaction_read_only; '
                            'ALTER DATABASE %I RESET default_transaction_read_only;',
                            session_user, current_database()) END
    FROM (SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::boolean AS read_only) s
  UNION ALL
    -- A superuser's triggers fire too, but session_replication_role = replica disables ours.
    SELECT 2, CASE WHEN t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A') THEN 'wrong' ELSE 'ok' END, 'trigger ' || w.name,
           CASE WHEN t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A')
                THEN format('%s on %s: nothing is noted by it, the sweep alone finds what is missed',
                            CASE WHEN t.oid IS NULL THEN 'missing' ELSE 'disabled' END,
                            coalesce(h.relation::text, 'heimdall.' || w.relation))
                ELSE 'enabled' END,
           CASE WHEN t.oid IS NULL THEN 'heimdalld migrate'
                -- A hypertable refuses ENABLE TRIGGER.
                WHEN t.tgenabled NOT IN ('O', 'A') AND heimdall.is_hypertable(t.tgrelid::regclass)
                THEN format('DROP TRIGGER %I ON %s;  then: heimdalld migrate', w.name, h.relation)
                WHEN t.tgenabled NOT IN ('O', 'A')
                THEN format('ALTER TABLE %s ENABLE TRIGGER %I;', h.relation, w.name) END
    FROM (VALUES ('heimdall_session_inserted', 'recording_sessions'),
                 ('heimdall_session_updated', 'recording_sessions'),
                 ('heimdall_session_deleted', 'recording_sessions'),
                 ('heimdall_measurement_inserted', 'measurements'),
                 ('heimdall_measurement_updated', 'measurements'),
                 ('heimdall_measurement_deleted', 'measurements')) AS w (name, relation)
    LEFT JOIN LATERAL heimdall.inheriting_tables(to_regclass('heimdall.' || w.relation)) h ON true
    LEFT JOIN pg_trigger t ON t.tgrelid = h.relation AND t.tgname = w.name
  UNION ALL
    SELECT 3, 'wrong', 'triggers',
           format('session_replication_role = replica for %s: no trigger fires for it',
                  coalesce('role ' || r.rolname, 'everybody') || coalesce(' in database ' || d.datname, '')),
           format('ALTER %s RESET session_replication_role;',
                  CASE WHEN r.rolname IS NULL THEN coalesce('DATABASE ' || quote_ident(d.datname), 'ROLE ALL')
                       ELSE format('ROLE %I', r.rolname) || coalesce(' IN DATABASE ' || quote_ident(d.datname), '') END)
    FROM pg_db_role_setting s
    LEFT JOIN pg_roles r ON r.oid = s.setrole
    LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE 'session_replication_role=replica' = ANY (s.setconfig)
      AND (d.datname IS NULL OR d.datname = current_database())
  UNION ALL
    SELECT 3, CASE WHEN t.oid IS NULL OR t.tgenabled NOT IN ('R', 'A') THEN 'wrong' ELSE 'ok' END,
           'trigger heimdall_replicated',
           CASE WHEN t.oid IS NULL OR t.tgenabled NOT IN ('R', 'A')
                THEN format('%s on heimdall.%s, which is replicated from another server: the sweep alone finds what '
                            'arrives', CASE WHEN t.oid IS NULL THEN 'missing' ELSE 'disabled' END, c.relname)
                ELSE format('enabled on heimdall.%s, which is replicated from another server', c.relname) END,
           CASE WHEN t.oid IS NULL THEN 'heimdalld migrate'
                WHEN t.tgenabled NOT IN ('R', 'A')
                THEN format('ALTER TABLE heimdall.%I ENABLE REPLICA TRIGGER heimdall_replicated;', c.relname) END
    FROM pg_class c
    LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'heimdall_replicated'
    WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relname IN ('recording_sessions', 'measurements')
      AND EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid OR pg_partition_root(s.srrelid) = c.oid)
  UNION ALL
    -- The same condition as in ownership.sql.
    SELECT 3, 'wrong', 'row-level security',
           format('of heimdall.%s may hide rows from our functions: what they cannot see is not extracted', c.relname),
           format('ALTER ROLE %I BYPASSRLS;  or a policy that lets it read all rows; then restart the daemons',
                  r.rolname)
    FROM pg_class c
    JOIN pg_proc p ON p.pronamespace = 'heimdall'::regnamespace AND p.proname = 'expand_notes'
    JOIN pg_roles r ON r.oid = p.proowner
    WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relname IN ('recording_sessions', 'measurements')
      AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
      AND (c.relforcerowsecurity OR c.relowner <> p.proowner)
  UNION ALL
    SELECT 4, CASE WHEN count(*) FILTER (WHERE n.missing) > 0 THEN 'wrong' ELSE 'ok' END, 'functions and views',
           coalesce('missing: ' || string_agg(n.name, ', ' ORDER BY n.name) FILTER (WHERE n.missing),
                    format('all %s exist', count(*))),
           CASE WHEN count(*) FILTER (WHERE n.missing) > 0 THEN 'heimdalld migrate' END
    FROM (SELECT f.name, NOT EXISTS (SELECT FROM pg_proc p
                                     WHERE p.pronamespace = 'heimdall'::regnamespace AND p.proname = f.name) AS missing
          FROM unnest($1::text[]) AS f (name)
        UNION ALL
          SELECT v.name, to_regclass('heimdall.' || quote_ident(v.name)) IS NULL FROM unnest($2::text[]) AS v (name)) n
  UNION ALL
    SELECT 5, CASE WHEN m.may IS NOT TRUE THEN 'wrong' WHEN r.rolsuper THEN 'warning' ELSE 'ok' END, 'login',
           CASE WHEN m.may IS NOT TRUE THEN format('%s is no member of heimdall_daemon', session_user)
                WHEN r.rolsuper
                THEN format('%s is a superuser: it works, but it has far more rights than a daemon needs', session_user)
                ELSE format('%s is a member of heimdall_daemon', session_user) END,
           CASE WHEN to_regrole('heimdall_daemon') IS NULL
                THEN 'CREATE ROLE heimdall_daemon NOLOGIN;  then: heimdalld migrate'
                WHEN m.may IS NOT TRUE THEN format('GRANT heimdall_daemon TO %I;', session_user)
                WHEN r.rolsuper THEN 'CREATE ROLE heimdalld LOGIN PASSWORD ''…'' IN ROLE heimdall_daemon;' END
    FROM pg_roles r,
         LATERAL (SELECT CASE WHEN to_regrole('heimdall_daemon') IS NOT NULL
                              THEN pg_has_role(session_user, to_regrole('heimdall_daemon'), 'USAGE') END AS may) m
    WHERE r.rolname = session_user
  UNION ALL
    SELECT 6, CASE WHEN l.lacking IS NULL THEN 'ok' ELSE 'wrong' END, 'rights',
           CASE WHEN l.lacking IS NULL THEN 'all that the daemon needs'
                ELSE format('%s lacks: %s', session_user, l.lacking) END,
           CASE WHEN l.lacking IS NOT NULL THEN 'heimdalld migrate' END
    FROM (SELECT string_agg(w.privilege || ' on ' || w.relation, ', ') AS lacking
          FROM (VALUES ('feature_queue', 'SELECT'), ('feature_queue', 'UPDATE'), ('feature_queue', 'DELETE'),
                       ('extracted_features', 'SELECT'), ('extracted_features', 'INSERT'),
                       ('extracted_features', 'UPDATE'), ('extracted_features', 'DELETE'),
                       ('worker_heartbeats', 'SELECT'), ('worker_heartbeats', 'INSERT'),
                       ('worker_heartbeats', 'UPDATE'), ('worker_heartbeats', 'DELETE'),
                       ('backfills', 'UPDATE'), ('sweep_state', 'UPDATE'), ('queue_depth', 'UPDATE'),
                       ('feature_parts', 'INSERT'), ('feature_parts', 'DELETE'), ('extraction_control', 'SELECT'),
                       ('schema_migrations', 'SELECT'), ('pending_features', 'SELECT'),
                       ('session_locks', 'UPDATE'), ('coverage_changes', 'INSERT'),
                       ('backfill_changes', 'INSERT')) AS w (relation, privilege)
          WHERE has_schema_privilege('heimdall', 'USAGE') IS NOT TRUE
             OR has_table_privilege(to_regclass('heimdall.' || w.relation), w.privilege) IS NOT TRUE) l
  UNION ALL
    SELECT 7, CASE WHEN count(i.index_name) > 0 THEN 'wrong' ELSE 'ok' END, 'indexes',
           CASE WHEN count(i.index_name) = 0 THEN 'on the application''s tables: all exist'
                ELSE format('missing on %s: claims and the expansion read whole tables',
                            string_agg(format('%s.%s', replace(i.relation::text, 'heimdall.', ''), i.key), ', ')) END,
           CASE WHEN count(i.index_name) > 0 THEN 'heimdalld migrate' END
    FROM heimdall.missing_indexes() i
  UNION ALL
    SELECT 7, CASE o.level WHEN 'blocks' THEN 'wrong' ELSE o.level END, o.subject, o.finding, o.hint
    FROM heimdall.find_obstacles() o
  UNION ALL
    SELECT 7, CASE WHEN b.failed_notes > 0 OR b.noted > 100000 THEN 'warning' ELSE 'ok' END, 'notes',
           CASE WHEN b.failed_notes > 0 THEN format('%s cannot be expanded and are set aside', b.failed_notes)
                ELSE format('%s changes of the application are not looked at yet', b.noted) END,
           CASE WHEN b.failed_notes > 0
                THEN 'SELECT id, kind, ids, failure FROM heimdall.change_notes WHERE failure IS NOT NULL;'
                WHEN b.noted > 100000 THEN 'heimdalld run' END
    FROM heimdall.feature_backlog b
  UNION ALL
    SELECT 8, CASE WHEN NOT server.enabled OR here.disabled OR s.n_dead_tup > 200000 THEN 'warning' ELSE 'ok' END,
           'autovacuum',
           CASE WHEN NOT server.enabled THEN 'switched off for the whole server: the queue''s tables only grow'
                WHEN here.disabled THEN 'switched off for heimdall.feature_queue: it only grows'
                WHEN s.n_dead_tup > 200000
                THEN format('does not keep up with heimdall.feature_queue: %s dead rows', s.n_dead_tup)
                ELSE format('feature_queue has %s dead rows, last vacuumed %s', s.n_dead_tup,
                            coalesce(date_trunc('second', s.last_autovacuum)::text, 'never')) END,
           CASE WHEN NOT server.enabled THEN 'ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();'
                WHEN here.disabled THEN 'ALTER TABLE heimdall.feature_queue RESET (autovacuum_enabled);'
                WHEN s.n_dead_tup > 200000
                THEN 'VACUUM VERBOSE heimdall.feature_queue;  it prints how many dead rows it could not remove; '
                     'the reason is a snapshot held open, see below' END
    FROM pg_stat_all_tables s,
         LATERAL (SELECT current_setting('autovacuum')::boolean AS enabled) server,
         LATERAL (SELECT coalesce('autovacuum_enabled=false' = ANY (c.reloptions)
                                  OR 'autovacuum_enabled=off' = ANY (c.reloptions), false) AS disabled
                  FROM pg_class c WHERE c.oid = s.relid) here
    WHERE s.schemaname = 'heimdall' AND s.relname = 'feature_queue'
  UNION ALL
    -- Plans of the views name each partition several times.
    SELECT 8, 'warning', 'jit',
           format('heimdall.%s has %s partitions: JIT compiles the plans of the views for minutes; daemons and status_of() do '
                  'without it', c.relname, p.partitions),
           format('ALTER DATABASE %I SET jit = off;', current_database())
    FROM pg_class c
    CROSS JOIN LATERAL (SELECT count(*) AS partitions FROM pg_inherits i WHERE i.inhparent = c.oid) p
    WHERE c.oid = to_regclass('heimdall.measurements') AND p.partitions > 100 AND current_setting('jit')::boolean
  UNION ALL
    -- Only members of pg_read_all_stats see the transactions of other users.
    SELECT 9, CASE WHEN o.is_old THEN 'warning' ELSE 'ok' END, 'oldest snapshot',
           CASE WHEN o.pid IS NULL AND NOT may.see
                THEN format('%s cannot see the transactions of other users', session_user)
                WHEN o.pid IS NULL THEN 'none is held'
                ELSE format('held by process %s (%s) for %s transactions%s%s', o.pid,
                            coalesce(nullif(o.application_name, ''), 'no name'), o.transactions,
                            coalesce(', ' || round(o.seconds) || ' s', ''),
                            CASE WHEN o.is_old THEN ': dead rows of the queue cannot be removed, claims slow down'
                                 ELSE '' END) END,
           CASE WHEN o.is_old THEN format('SELECT pg_terminate_backend(%s);', o.pid)
                WHEN NOT may.see THEN format('GRANT pg_read_all_stats TO %I;', session_user) END
    FROM (SELECT pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS see) AS may
    LEFT JOIN LATERAL (SELECT a.*, a.seconds > 300 OR a.transactions > 1000000 AS is_old
                       FROM (SELECT b.pid, b.application_name, b.xact_start, age(b.backend_xmin) AS transactions,
                                    extract(epoch FROM clock_timestamp() - b.xact_start) AS seconds
                             FROM pg_stat_activity b
                             WHERE b.backend_xmin IS NOT NULL AND b.pid <> pg_backend_pid()
                               AND b.backend_type = 'client backend') a
                       ORDER BY a.transactions DESC, a.xact_start LIMIT 1) o ON true
  UNION ALL
    SELECT 10, CASE WHEN u.usage > 0.9 THEN 'wrong' WHEN u.usage > 0.5 THEN 'warning' ELSE 'ok' END,
           'notification queue',
           format('%s %% full%s', round((u.usage * 100)::numeric, 1),
                  CASE WHEN u.usage > 0.9 THEN ': daemons get no notifications and poll' ELSE '' END),
           CASE WHEN u.usage > 0.5
                THEN 'SELECT pid, application_name, xact_start FROM pg_stat_activity ORDER BY xact_start LIMIT 5;  '
                     'the oldest one that listens blocks the queue: SELECT pg_terminate_backend(pid);' END
    FROM (SELECT pg_notification_queue_usage() AS usage) u
  UNION ALL
    SELECT 11, CASE WHEN count(*) = 0 THEN 'warning' ELSE 'ok' END, 'workers',
           CASE WHEN count(*) = 0 THEN 'no daemon is alive: nothing is extracted'
                ELSE format('%s alive, %s recordings in flight', count(*), sum(w.in_flight)) END,
           CASE WHEN count(*) = 0 THEN 'heimdalld run' END
    FROM heimdall.extraction_workers w
  UNION ALL
    SELECT 11, CASE WHEN s.item ? 'measurement_id' THEN 'warning' ELSE 'wrong' END, 'stalled',
           format('%s:%s %s since %s: %s', w.host, w.pid,
                  coalesce('the result of measurement ' || (s.item ->> 'measurement_id') || ' is set aside',
                           'no ' || (s.item ->> 'step') || ' succeeds'),
                  date_trunc('second', (s.item ->> 'since')::timestamptz), s.item ->> 'reason'),
           'end the transaction that is named, for instance: SELECT pg_terminate_backend(pid);'
    FROM heimdall.extraction_workers w CROSS JOIN LATERAL jsonb_array_elements(w.stalled) AS s (item)
  UNION ALL
    SELECT 11, 'wrong', 'stalled',
           format('%s measurements can get neither a result nor an error row, for instance: %s', count(*),
                  min(q.failure)),
           'SELECT measurement_id, failure FROM heimdall.feature_queue WHERE due_at = ''infinity'';  '
           'when the cause is gone: SELECT heimdall.retry_failed();'
    FROM heimdall.feature_queue q
    WHERE q.state = 'waiting' AND q.due_at = 'infinity'
    HAVING count(*) > 0
  UNION ALL
    SELECT 12, CASE WHEN c.paused THEN 'warning' ELSE 'ok' END, 'pause',
           CASE WHEN c.paused
                THEN format('paused by %s since %s: %s', c.paused_by, date_trunc('second', c.paused_at), c.pause_reason)
                ELSE 'not paused' END,
           CASE WHEN c.paused THEN 'SELECT heimdall.resume_extraction();' END
    FROM heimdall.extraction_control c
)
SELECT level, subject, finding, hint FROM found ORDER BY ord, subject;
