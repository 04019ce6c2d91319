-- Installs or upgrades everything in one transaction:  psql -v ON_ERROR_STOP=1 -f sql/install.sql `heimdalld migrate`
-- does the same and takes the order of the files from the \ir lines here. A file of schema/ runs once per database,
-- every other file in each migration. Run it as the owner of the application's tables or as a superuser.
\set ON_ERROR_STOP on
BEGIN;
\ir bootstrap.sql
\ir roles.sql
\ir functions/results/fits_results.sql
\ir put_aside.sql

SELECT
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 1) AS apply_0001,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 2) AS apply_0002,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 3) AS apply_0003,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 4) AS apply_0004,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 5) AS apply_0005,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 6) AS apply_0006,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 7) AS apply_0007,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 8) AS apply_0008,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 9) AS apply_0009,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 10) AS apply_0010,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 11) AS apply_0011,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 12) AS apply_0012,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 13) AS apply_0013,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 14) AS apply_0014,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 15) AS apply_0015,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 16) AS apply_0016,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 17) AS apply_0017,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 18) AS apply_0018,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 19) AS apply_0019,
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 20) AS apply_0020
\gset
\if :apply_0001
\ir schema/0001_application_tables.sql
\endif
\if :apply_0002
\ir schema/0002_measurement_features.sql
\endif
\if :apply_0003
\ir schema/0003_backfills.sql
\endif
\if :apply_0004
\ir schema/0004_feature_queue.sql
\endif
\if :apply_0005
\ir schema/0005_extraction_control.sql
\endif
\if :apply_0006
\ir schema/0006_worker_heartbeats.sql
\endif
\if :apply_0007
\ir schema/0007_sweep_state.sql
\endif
\if :apply_0008
\ir schema/0008_daemon_versions.sql
\endif
\if :apply_0009
\ir schema/0009_queue_depth.sql
\endif
\if :apply_0010
\ir schema/0010_feature_parts.sql
\endif
\if :apply_0011
\ir schema/0011_change_notes.sql
\endif
\if :apply_0012
\ir schema/0012_kept_coverage.sql
\endif
\if :apply_0013
\ir schema/0013_administration.sql
\endif
\if :apply_0014
\ir schema/0014_set_aside.sql
\endif
\if :apply_0015
\ir schema/0015_other_applications.sql
\endif
\if :apply_0016
\ir schema/0016_samples.sql
\endif
\if :apply_0017
\ir schema/0017_feature_minutes.sql
\endif
\if :apply_0018
\ir schema/0018_page_actions.sql
\endif
\if :apply_0019
\ir schema/0019_unchanged_objects.sql
\endif
\if :apply_0020
\ir schema/0020_backfill_changes.sql
\endif

\ir single_rows.sql
\ir earlier_versions.sql

\ir functions/results/results_table.sql
\ir functions/results/move_results.sql
\ir results.sql
\ir compression.sql

\ir functions/application/as_uuid.sql
\ir functions/application/as_time.sql
\ir functions/application/application_fields.sql
\ir functions/application/application_column.sql
\ir functions/application/bad_values.sql
\ir functions/application/application_value.sql
\ir functions/application/fit_to_application.sql
\ir functions/application/completed_statuses.sql
\ir functions/application/is_completed.sql
\ir functions/application/state_of.sql
\ir functions/application/set_completed_statuses.sql
\ir functions/application/view_definition.sql
\ir functions/application/redefined_view.sql
\ir functions/application/our_views.sql
\ir functions/application/define_view.sql

\ir functions/indexes/is_hypertable.sql
\ir functions/indexes/inheriting_tables.sql
\ir functions/indexes/missing_indexes.sql
\ir functions/indexes/missing_base_indexes.sql
\ir functions/find_obstacles.sql
\ir functions/longest_session.sql
\ir functions/may_notify.sql
\ir functions/wake_workers.sql
\ir functions/window_end.sql
\ir functions/source_fingerprint.sql
\ir functions/session_lock_key.sql
\ir functions/claim_measurements.sql
\ir functions/announce_sessions.sql
\ir functions/settle_sessions.sql
\ir functions/release_expired.sql
\ir functions/administration/withdraw_finished.sql
\ir functions/administration/hold_sweep.sql
\ir functions/administration/enqueue_sessions.sql
\ir functions/intake/apply_changes.sql
\ir functions/intake/related_measurements.sql
\ir functions/intake/expand_taken.sql
\ir functions/intake/expand_notes.sql
\ir functions/intake/sweep_sessions.sql
\ir functions/intake/enqueue_missing.sql
\ir functions/administration/request_backfill.sql
\ir functions/administration/cancel_backfill.sql
\ir functions/administration/check_error_kind.sql
\ir functions/administration/retry_failed.sql
\ir functions/administration/extract_again.sql
\ir functions/administration/prioritise.sql
\ir functions/administration/retry_measurement.sql
\ir functions/administration/cancel_measurement.sql
\ir functions/administration/purge_features.sql
\ir functions/administration/pause_extraction.sql
\ir functions/administration/resume_extraction.sql
\ir functions/administration/record_action.sql
\ir functions/intake/note_session_changes.sql
\ir functions/intake/note_measurement_changes.sql
\ir functions/intake/note_replicated_change.sql
\ir functions/coverage/sessions_changed.sql
\ir functions/coverage/outdated_sessions.sql
\ir functions/coverage/count_sessions.sql
\ir functions/coverage/count_session.sql
\ir functions/coverage/count_all_sessions.sql
\ir functions/coverage/measure_coverage.sql
\ir functions/coverage/keep_sessions.sql
\ir functions/coverage/recount_coverage.sql
\ir functions/coverage/keep_coverage.sql
\ir functions/coverage/note_deleted_features.sql
\ir functions/count_queue.sql
\ir functions/keep_backfills.sql
\ir functions/missing_receivers.sql

\ir views/application_sessions.sql
\ir views/application_measurements.sql
\ir views/iq_measurements.sql
\ir views/session_measurements.sql
\ir views/pending_features.sql
\ir views/claimed_measurements.sql
\ir views/feature_backlog.sql
\ir views/extraction_workers.sql
\ir views/feature_coverage.sql
\ir views/session_coverage.sql
\ir views/session_transmitters.sql
\ir views/aligned_features.sql
\ir views/session_features.sql
\ir views/feature_samples.sql
\ir views/feature_dictionary.sql
\ir views/feature_failures.sql
\ir views/feature_error_kinds.sql
\ir views/backfill_progress.sql
\ir views/measurement_status.sql
\ir functions/status_of.sql

\ir triggers/application_tables.sql
\ir triggers/replicated_tables.sql
\ir triggers/results.sql

\ir comments/tables.sql
\ir comments/receiver_features.sql
\ir comments/extraction_metadata.sql

\ir grants.sql
\ir ownership.sql
COMMIT;

-- Outside the transaction: builds missing indexes on the application's tables, with CONCURRENTLY where that is possible.
SET statement_timeout = 0;
SET lock_timeout = 0;
SELECT * FROM heimdall.missing_base_indexes()
\gexec
RESET statement_timeout;
RESET lock_timeout;
