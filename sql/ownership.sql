-- A superuser may install, or a member of the role that owns the application's tables. Then everything of ours goes to
-- that role, so that it can run the next migration. Our functions run with their owner's rights, and a superuser's
-- function must not read a view that somebody else can replace. An owner who is a superuser himself keeps everything.
DO $$
DECLARE
    new_owner name;
    ours      record;
    hidden    text;
BEGIN
    SELECT pg_get_userbyid(c.relowner) INTO new_owner FROM pg_class c
    WHERE c.oid = 'heimdall.recording_sessions'::regclass;

    IF new_owner <> current_user AND pg_has_role(new_owner, 'MEMBER')
       AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = new_owner) THEN
        IF EXISTS (SELECT FROM unnest(ARRAY['recording_sessions', 'measurements', 'websdr_stations']) t
                   WHERE NOT has_table_privilege(new_owner, 'heimdall.' || t, 'SELECT')) THEN
            RAISE WARNING 'heimdall: % owns recording_sessions and may not read the other tables, so our functions stay '
                          'with %', new_owner, current_user
                USING HINT = format('GRANT SELECT ON heimdall.measurements, heimdall.websdr_stations TO %I;  Then run '
                                    'this migration again.', new_owner);
        ELSIF NOT has_schema_privilege(new_owner, 'heimdall', 'CREATE')
              AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            RAISE WARNING 'heimdall: % owns recording_sessions and may create nothing in the schema heimdall, so our '
                          'objects stay with %', new_owner, current_user
                USING HINT = format('GRANT CREATE ON SCHEMA heimdall TO %I;  Then run this migration again.', new_owner);
        ELSE
            FOR ours IN
                SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
                       c.oid::regclass::text AS name
                FROM pg_class c
                JOIN pg_roles r ON r.oid = c.relowner AND (r.rolsuper OR r.rolname = current_user)
                WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
                  AND (c.oid = heimdall.results_table() OR c.relname = ANY (ARRAY[
                      'extracted_features', 'installed_definitions', 'backfills', 'feature_queue', 'extraction_control',
                      'worker_heartbeats', 'sweep_state', 'queue_depth', 'feature_parts', 'feature_minutes', 'change_notes',
                      'cancelled_measurements', 'session_locks', 'session_counts', 'coverage_changes', 'coverage_totals', 'page_actions',
                      'backfill_changes',
                      'schema_migrations', 'feature_coverage', 'session_coverage',
                      'session_features', 'feature_samples', 'aligned_features', 'session_transmitters',
                      'feature_dictionary', 'feature_failures', 'feature_backlog', 'backfill_progress',
                      'extraction_workers', 'claimed_measurements', 'feature_error_kinds', 'measurement_status', 'pending_features',
                      'session_measurements', 'iq_measurements', 'application_measurements',
                      'application_sessions']))
              UNION ALL
                SELECT 'FUNCTION', p.oid::regprocedure::text
                FROM pg_proc p
                JOIN pg_roles r ON r.oid = p.proowner AND (r.rolsuper OR r.rolname = current_user)
                WHERE p.pronamespace = 'heimdall'::regnamespace
                  AND obj_description(p.oid, 'pg_proc') IS NOT NULL
                  AND p.proname = ANY (ARRAY[
                      'may_notify', 'wake_workers', 'longest_session', 'as_time', 'application_fields',
                      'application_column', 'application_value', 'bad_values', 'fit_to_application', 'completed_statuses', 'is_completed',
                      'set_completed_statuses',
                      'view_definition', 'comparable_definition', 'redefined_view', 'define_view', 'our_views', 'results_table', 'fits_results', 'move_results', 'is_hypertable',
                      'inheriting_tables', 'missing_indexes', 'find_obstacles', 'as_uuid', 'window_end', 'earlier',
                      'source_fingerprint', 'session_lock_key', 'claim_measurements',
                      'announce_sessions', 'settle_sessions', 'release_expired', 'enqueue_sessions', 'apply_changes',
                      'related_measurements', 'expand_taken', 'expand_notes', 'sweep_sessions', 'enqueue_missing',
                      'request_backfill', 'cancel_backfill', 'retry_failed', 'check_error_kind', 'extract_again',
                      'prioritise', 'retry_measurement', 'cancel_measurement', 'purge_features', 'pause_extraction',
                      'resume_extraction', 'record_action',
                      'note_session_changes', 'note_measurement_changes', 'note_replicated_change',
                      'measure_coverage', 'sessions_changed',
                      'outdated_sessions', 'count_sessions', 'count_all_sessions', 'keep_sessions',
                      'recount_coverage', 'keep_coverage', 'keep_backfills', 'note_deleted_features', 'count_session', 'count_queue',
                      'missing_base_indexes', 'missing_receivers', 'status_of', 'state_of', 'hold_sweep', 'withdraw_finished'])
            LOOP
                EXECUTE format('ALTER %s %s OWNER TO %I', ours.kind, ours.name, new_owner);
            END LOOP;
            -- The functions must see the schema. A superuser may not be needed for the next migration.
            IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
                EXECUTE format('GRANT USAGE, CREATE ON SCHEMA heimdall TO %I', new_owner);
            END IF;
        END IF;
    END IF;

    -- Row-level security applies to our functions unless their owner is exempt.
    SELECT string_agg(c.relname, ', ' ORDER BY c.relname) INTO hidden
    FROM pg_class c
    JOIN pg_proc p ON p.oid = 'heimdall.expand_notes'::regproc
    JOIN pg_roles r ON r.oid = p.proowner
    WHERE c.relnamespace = 'heimdall'::regnamespace AND c.relname IN ('recording_sessions', 'measurements')
      AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
      AND (c.relforcerowsecurity OR c.relowner <> p.proowner);
    IF hidden IS NOT NULL THEN
        RAISE WARNING 'heimdall: row-level security of % may hide rows from our functions: what they cannot see is not '
                      'extracted', hidden
            USING HINT = format('ALTER ROLE %I BYPASSRLS;  or a policy that lets it read all rows. Then restart the '
                                'daemons.',
                                (SELECT pg_get_userbyid(p.proowner) FROM pg_proc p
                                 WHERE p.oid = 'heimdall.expand_notes'::regproc));
    END IF;
END
$$;
