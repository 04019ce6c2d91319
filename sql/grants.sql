-- Rights. PUBLIC gets none. The daemon gets what queries/ needs: it reads the application's tables through views only
-- and writes none of them. A reader reads. An administrator reads and calls the functions. A role that does not exist
-- (roles.sql could not create it) is skipped.

REVOKE ALL ON FUNCTION
    heimdall.longest_session(), heimdall.may_notify(), heimdall.wake_workers(),
    heimdall.claim_measurements(uuid, integer, bigint[]), heimdall.settle_sessions(uuid[]), heimdall.announce_sessions(uuid[]),
    heimdall.release_expired(),
    heimdall.enqueue_sessions(uuid, timestamptz, timestamptz, bigint, boolean, text),
    heimdall.enqueue_missing(integer, boolean),
    heimdall.request_backfill(integer, integer, boolean, timestamptz, timestamptz, text),
    heimdall.cancel_backfill(uuid), heimdall.retry_failed(text, timestamptz, timestamptz),
    heimdall.check_error_kind(text),
    heimdall.extract_again(uuid, uuid, uuid, text, timestamptz, timestamptz, boolean), heimdall.prioritise(uuid),
    heimdall.retry_measurement(uuid), heimdall.cancel_measurement(uuid),
    heimdall.purge_features(timestamptz, boolean, integer),
    heimdall.pause_extraction(text), heimdall.resume_extraction(),
    heimdall.record_action(text, text, text, jsonb, bigint, text), heimdall.note_session_changes(),
    heimdall.note_measurement_changes(), heimdall.note_replicated_change(),
    heimdall.apply_changes(uuid[], uuid[], timestamptz[], boolean, text, smallint, timestamptz),
    heimdall.expand_notes(integer, integer, bigint), heimdall.expand_taken(heimdall.change_notes[]),
    heimdall.related_measurements(uuid[], jsonb), heimdall.sweep_sessions(timestamptz, timestamptz, bigint),
    heimdall.source_fingerprint(text, text, text, double precision), heimdall.session_lock_key(uuid),
    heimdall.as_uuid(uuid), heimdall.as_uuid(text), heimdall.as_time(text), heimdall.application_fields(),
    heimdall.application_column(text, text), heimdall.application_value(text, text), heimdall.bad_values(text), heimdall.fit_to_application(text),
    heimdall.completed_statuses(), heimdall.is_completed(text), heimdall.set_completed_statuses(text[]),
    heimdall.state_of(text, boolean, boolean, text), heimdall.hold_sweep(),
    heimdall.withdraw_finished(uuid[], boolean, uuid[]),
    heimdall.view_definition(text), heimdall.comparable_definition(text), heimdall.redefined_view(), heimdall.define_view(text, text), heimdall.our_views(),
    heimdall.results_table(), heimdall.move_results(),
    heimdall.fits_results(regclass),
    heimdall.is_hypertable(regclass), heimdall.inheriting_tables(regclass), heimdall.missing_indexes(), heimdall.find_obstacles(),
    heimdall.window_end(timestamptz, double precision),
    heimdall.earlier(timestamptz, interval), heimdall.measure_coverage(),
    heimdall.sessions_changed(uuid[]), heimdall.outdated_sessions(), heimdall.count_sessions(uuid[]),
    heimdall.count_all_sessions(), heimdall.keep_sessions(uuid[]), heimdall.recount_coverage(),
    heimdall.keep_coverage(integer), heimdall.note_deleted_features(), heimdall.count_session(uuid),
    heimdall.count_queue(), heimdall.keep_backfills(), heimdall.missing_base_indexes(), heimdall.missing_receivers(uuid, text[]),
    heimdall.status_of(uuid, uuid)
    FROM PUBLIC;
REVOKE ALL ON heimdall.extracted_features, heimdall.installed_definitions, heimdall.feature_queue, heimdall.backfills,
    heimdall.extraction_control,
    heimdall.worker_heartbeats, heimdall.sweep_state, heimdall.queue_depth, heimdall.feature_parts,
    heimdall.feature_minutes, heimdall.claimed_measurements,
    heimdall.change_notes, heimdall.cancelled_measurements, heimdall.session_locks, heimdall.session_counts,
    heimdall.coverage_changes, heimdall.backfill_changes,
    heimdall.coverage_totals, heimdall.page_actions, heimdall.schema_migrations FROM PUBLIC;

DO $$
DECLARE
    -- The rights on the view extracted_features and those on its table are the same.
    results CONSTANT text := 'heimdall.extracted_features, ' || heimdall.results_table();
    wanted record;
BEGIN
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', heimdall.results_table());
    FOR wanted IN
        SELECT g.role, g.privileges
        FROM (VALUES
            ('heimdall_daemon', 'USAGE ON SCHEMA heimdall'),
            ('heimdall_daemon', 'SELECT, INSERT, UPDATE, DELETE ON heimdall.worker_heartbeats, heimdall.feature_minutes, '
                                || results),
            ('heimdall_daemon', 'SELECT, UPDATE, DELETE ON heimdall.feature_queue'),
            ('heimdall_daemon', 'SELECT, INSERT, DELETE ON heimdall.feature_parts'),
            ('heimdall_daemon', 'SELECT, UPDATE ON heimdall.backfills, heimdall.sweep_state, heimdall.queue_depth, '
                                'heimdall.session_locks'),
            ('heimdall_daemon', 'INSERT ON heimdall.coverage_changes, heimdall.backfill_changes'),
            ('heimdall_daemon', 'SELECT ON heimdall.change_notes, heimdall.schema_migrations, heimdall.page_actions, '
                                'heimdall.session_counts, '
                                'heimdall.extraction_control, '
                                'heimdall.pending_features, heimdall.session_measurements, heimdall.feature_coverage, '
                                'heimdall.session_coverage, heimdall.session_features, heimdall.feature_samples, '
                                'heimdall.feature_dictionary, heimdall.session_transmitters, heimdall.feature_failures, '
                                'heimdall.feature_backlog, heimdall.backfill_progress, heimdall.extraction_workers, '
                                'heimdall.feature_error_kinds, heimdall.measurement_status, '
                                'heimdall.claimed_measurements, heimdall.application_sessions'),
            ('heimdall_daemon', 'EXECUTE ON FUNCTION heimdall.may_notify(), heimdall.wake_workers(), '
                                'heimdall.claim_measurements(uuid, integer, bigint[]), '
                                'heimdall.settle_sessions(uuid[]), heimdall.announce_sessions(uuid[]), '
                                'heimdall.release_expired(), '
                                'heimdall.enqueue_missing(integer, boolean), '
                                'heimdall.expand_notes(integer, integer, bigint), '
                                'heimdall.session_lock_key(uuid), heimdall.as_uuid(uuid), heimdall.as_uuid(text), '
                                'heimdall.as_time(text), heimdall.completed_statuses(), heimdall.is_completed(text), '
                                'heimdall.results_table(), heimdall.redefined_view(), heimdall.missing_indexes(), '
                                'heimdall.is_hypertable(regclass), heimdall.inheriting_tables(regclass), '
                                'heimdall.find_obstacles(), '
                                'heimdall.window_end(timestamptz, double precision), '
                                'heimdall.earlier(timestamptz, interval), heimdall.longest_session(), '
                                'heimdall.measure_coverage(), heimdall.count_session(uuid), heimdall.count_queue(), '
                                'heimdall.missing_receivers(uuid, text[]), heimdall.status_of(uuid, uuid), '
                                'heimdall.state_of(text, boolean, boolean, text), '
                                'heimdall.keep_coverage(integer), heimdall.keep_backfills()'),
            ('heimdall_reader', 'USAGE ON SCHEMA heimdall'),
            ('heimdall_reader', 'SELECT ON ' || results || ', heimdall.extraction_control, heimdall.schema_migrations, '
                                'heimdall.page_actions, '
                                'heimdall.sweep_state, heimdall.feature_minutes, heimdall.claimed_measurements, '
                                'heimdall.application_sessions, '
                                'heimdall.session_measurements, heimdall.pending_features, heimdall.feature_coverage, '
                                'heimdall.session_coverage, heimdall.session_features, heimdall.feature_samples, '
                                'heimdall.feature_dictionary, heimdall.session_transmitters, heimdall.feature_failures, '
                                'heimdall.feature_backlog, heimdall.backfill_progress, heimdall.extraction_workers, '
                                'heimdall.feature_error_kinds, heimdall.measurement_status'),
            ('heimdall_reader', 'EXECUTE ON FUNCTION heimdall.as_uuid(uuid), heimdall.as_uuid(text), '
                                'heimdall.as_time(text), heimdall.completed_statuses(), heimdall.is_completed(text), '
                                'heimdall.window_end(timestamptz, double precision), '
                                'heimdall.earlier(timestamptz, interval), heimdall.longest_session(), '
                                'heimdall.measure_coverage(), '
                                'heimdall.count_session(uuid), heimdall.count_queue(), '
                                'heimdall.missing_receivers(uuid, text[]), heimdall.status_of(uuid, uuid), '
                                'heimdall.state_of(text, boolean, boolean, text)'),
            ('heimdall_admin',  'EXECUTE ON FUNCTION '
                                'heimdall.request_backfill(integer, integer, boolean, timestamptz, timestamptz, text), '
                                'heimdall.cancel_backfill(uuid), '
                                'heimdall.retry_failed(text, timestamptz, timestamptz), '
                                'heimdall.extract_again(uuid, uuid, uuid, text, timestamptz, timestamptz, boolean), '
                                'heimdall.prioritise(uuid), heimdall.retry_measurement(uuid), '
                                'heimdall.cancel_measurement(uuid), '
                                'heimdall.purge_features(timestamptz, boolean, integer), '
                                'heimdall.pause_extraction(text), heimdall.resume_extraction(), '
                                'heimdall.record_action(text, text, text, jsonb, bigint, text), '
                                'heimdall.enqueue_missing(integer, boolean), heimdall.recount_coverage(), '
                                'heimdall.set_completed_statuses(text[])')
        ) AS g (role, privileges)
        WHERE EXISTS (SELECT FROM pg_roles r WHERE r.rolname = g.role)
    LOOP
        EXECUTE format('GRANT %s TO %I', wanted.privileges, wanted.role);
    END LOOP;

    -- An administrator is a reader too. Membership belongs to the whole cluster, so the migration of another database
    -- may grant it at this moment.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'heimdall_admin')
       AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'heimdall_reader')
       AND NOT EXISTS (SELECT FROM pg_auth_members m
                       WHERE m.roleid = to_regrole('heimdall_reader') AND m.member = to_regrole('heimdall_admin')) THEN
        BEGIN
            GRANT heimdall_reader TO heimdall_admin;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'heimdall: % may not grant heimdall_reader', current_user
                    USING HINT = 'An administrator must type:  GRANT heimdall_reader TO heimdall_admin;';
        END;
    END IF;
END
$$;

-- Rights of others on views that define_view() has dropped in this migration.
DO $$
DECLARE
    lost text;
BEGIN
    FOR lost IN
        SELECT r FROM jsonb_array_elements_text(coalesce(nullif(current_setting('heimdall.lost_rights', true), ''), '[]')::jsonb) AS r
    LOOP
        EXECUTE lost;
    END LOOP;
END
$$;
