-- Installs or upgrades everything in one transaction:  psql -v ON_ERROR_STOP=1 -f sql/install.sql `heimdalld migrate`
-- does the same and takes the order of the files from the \ir lines here. A file of schema/ runs once per database,
-- every other file in each migration. Run it as the owner of the application's tables or as a superuser.
\set ON_ERROR_STOP on
BEGIN;
\ir bootstrap.sql
\ir roles.sql

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
    NOT EXISTS (SELECT FROM heimdall.schema_migrations WHERE version = 12) AS apply_0012
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
\ir schema/0012_set_aside.sql
\endif

\ir functions/longest_session.sql
\ir functions/may_notify.sql
\ir functions/wake_workers.sql
\ir functions/as_uuid.sql
\ir functions/window_end.sql
\ir functions/source_fingerprint.sql
\ir functions/session_lock_key.sql
\ir functions/claim_measurements.sql
\ir functions/announce_sessions.sql
\ir functions/settle_sessions.sql
\ir functions/release_expired.sql
\ir functions/enqueue_sessions.sql
\ir functions/intake/apply_changes.sql
\ir functions/intake/related_measurements.sql
\ir functions/intake/expand_taken.sql
\ir functions/intake/expand_notes.sql
\ir functions/intake/sweep_sessions.sql
\ir functions/intake/enqueue_missing.sql
\ir functions/request_backfill.sql
\ir functions/cancel_backfill.sql
\ir functions/retry_failed.sql
\ir functions/pause_extraction.sql
\ir functions/resume_extraction.sql
\ir functions/intake/note_session_changes.sql
\ir functions/intake/note_measurement_changes.sql
\ir functions/total_coverage.sql
\ir functions/measure_coverage.sql
\ir functions/count_session.sql
\ir functions/count_queue.sql
\ir functions/missing_base_indexes.sql

\ir views/iq_measurements.sql
\ir views/session_measurements.sql
\ir views/pending_features.sql
\ir views/feature_backlog.sql
\ir views/extraction_workers.sql
\ir views/feature_coverage.sql
\ir views/session_coverage.sql
\ir views/session_features.sql
\ir views/feature_failures.sql
\ir views/backfill_progress.sql

\ir triggers/application_tables.sql

\ir comments/tables.sql
\ir comments/receiver_features.sql
\ir comments/extraction_metadata.sql

\ir grants.sql
\ir ownership.sql
COMMIT;

-- Outside the transaction: builds missing indexes on the application's tables without blocking its writers.
SELECT * FROM heimdall.missing_base_indexes()
\gexec
