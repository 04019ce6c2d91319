-- The names of our views. A migration may drop and make these again; others of the schema are somebody else's.
CREATE OR REPLACE FUNCTION heimdall.our_views() RETURNS text[]
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ARRAY[
        'aligned_features', 'application_measurements', 'application_sessions', 'backfill_progress', 'claimed_measurements',
        'extracted_features', 'extraction_workers', 'feature_backlog', 'feature_coverage', 'feature_dictionary',
        'feature_error_kinds', 'feature_failures', 'feature_samples', 'iq_measurements', 'measurement_status',
        'pending_features', 'session_coverage', 'session_features', 'session_measurements', 'session_transmitters']
$$;
COMMENT ON FUNCTION heimdall.our_views() IS 'The names of our views. Called by migrations and find_obstacles().';
