-- Purpose: what concerns the whole database: coverage, pause, sweep, versions.
-- Parameters: none
-- Returns: one row: report
SELECT jsonb_build_object(
           'at', now(),
           'database', current_database(),
           'server_version', current_setting('server_version'),
           'schema_version', (SELECT max(v.version) FROM heimdall.schema_migrations v),
           'coverage', (SELECT to_jsonb(c) FROM heimdall.feature_coverage c),
           'pause', (SELECT jsonb_build_object('reason', e.pause_reason, 'by', e.paused_by, 'at', e.paused_at,
                                               'age_s', extract(epoch FROM now() - e.paused_at))
                     FROM heimdall.extraction_control e WHERE e.paused),
           'sweep', (SELECT jsonb_build_object('last_at', s.last_sweep_at,
                                               'age_s', extract(epoch FROM now() - s.last_sweep_at))
                     FROM heimdall.sweep_state s)) AS report;
