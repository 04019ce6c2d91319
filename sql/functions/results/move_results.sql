-- Leaves the name measurement_features to the application: our results are in heimdalld_measurement_features from then on.
-- Nothing else changes, since all of ours reads and writes the view extracted_features; the next migration sets triggers
-- and rights on a new table.
--
-- Where the table is ours, it is renamed, with its indexes. Where it is the application's, because an earlier version was
-- made to write into it, ours is made anew and gets our rows.
CREATE OR REPLACE FUNCTION heimdall.move_results() RETURNS regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
BEGIN
    IF to_regclass('heimdall.heimdalld_measurement_features') IS NOT NULL THEN
        RETURN heimdall.results_table();
    ELSIF heimdall.fits_results('heimdall.measurement_features') THEN
        FOR part IN
            SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = 'heimdall.measurement_features'::regclass AND starts_with(c.relname, 'measurement_features_')
        LOOP
            EXECUTE format('ALTER INDEX heimdall.%I RENAME TO %I', part.name, 'heimdalld_' || part.name);
        END LOOP;
        ALTER TABLE heimdall.measurement_features RENAME TO heimdalld_measurement_features;
        RETURN heimdall.results_table();
    END IF;

    CREATE TABLE heimdall.heimdalld_measurement_features (
        timestamp              timestamptz      NOT NULL,
        measurement_id         uuid             NOT NULL,
        recording_session_id   uuid,
        receiver_features      jsonb[]          NOT NULL,
        extraction_metadata    jsonb            NOT NULL DEFAULT '{}',
        overall_confidence     double precision NOT NULL,
        mean_snr_db            double precision,
        num_receivers_detected integer          NOT NULL,
        extraction_failed      boolean          NOT NULL DEFAULT false,
        error_kind             text,
        error_message          text,
        attempts               integer          NOT NULL DEFAULT 1,
        created_at             timestamptz      NOT NULL DEFAULT clock_timestamp(),
        updated_at             timestamptz      NOT NULL DEFAULT clock_timestamp(),
        source_fingerprint     bigint,
        failed_fingerprint     bigint,
        last_error_kind        text,
        last_error_message     text,
        last_failed_at         timestamptz,
        rx_id                  text,

        CONSTRAINT heimdalld_measurement_features_pkey PRIMARY KEY (timestamp, measurement_id)
    ) WITH (toast_tuple_target = 128, autovacuum_vacuum_insert_scale_factor = 0.01,
            autovacuum_vacuum_insert_threshold = 10000);
    CREATE INDEX heimdalld_measurement_features_measurement_idx
        ON heimdall.heimdalld_measurement_features (measurement_id) INCLUDE (extraction_failed);
    CREATE INDEX heimdalld_measurement_features_session_idx
        ON heimdall.heimdalld_measurement_features (recording_session_id) INCLUDE (extraction_failed);
    CREATE INDEX heimdalld_measurement_features_failed_idx
        ON heimdall.heimdalld_measurement_features (error_kind, updated_at) WHERE extraction_failed;
    DROP TRIGGER IF EXISTS heimdall_features_deleted ON heimdall.measurement_features;
    DROP TRIGGER IF EXISTS heimdall_features_truncated ON heimdall.measurement_features;
    -- Only our rows have a fingerprint.
    WITH ours AS (
        DELETE FROM heimdall.measurement_features f WHERE f.source_fingerprint IS NOT NULL RETURNING f.*
    )
    INSERT INTO heimdall.heimdalld_measurement_features
    SELECT o.timestamp, o.measurement_id, o.recording_session_id, o.receiver_features, o.extraction_metadata,
           o.overall_confidence, o.mean_snr_db, o.num_receivers_detected, o.extraction_failed, o.error_kind,
           o.error_message, o.attempts, o.created_at, o.updated_at, o.source_fingerprint, o.failed_fingerprint,
           o.last_error_kind, o.last_error_message, o.last_failed_at, o.rx_id
    FROM ours o;
    -- The columns of the view are in another order now.
    DROP VIEW heimdall.extracted_features CASCADE;
    RETURN heimdall.results_table();
END
$$;
COMMENT ON FUNCTION heimdall.move_results() IS
    'Leaves the name measurement_features to the application: our table of results is heimdalld_measurement_features from '
    'then on. Returns it. For the owner; run a migration afterwards.';
