-- The result: one row per measurement, with its features or with the reason why it has none.

CREATE TABLE IF NOT EXISTS heimdall.measurement_features (
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

    CONSTRAINT measurement_features_pkey PRIMARY KEY (timestamp, measurement_id),
    CONSTRAINT measurement_features_failed_says_why CHECK (
        CASE WHEN extraction_failed
             THEN error_kind IS NOT NULL AND error_message IS NOT NULL AND cardinality(receiver_features) = 0
             ELSE error_kind IS NULL AND error_message IS NULL AND cardinality(receiver_features) > 0
                  AND mean_snr_db IS NOT NULL
        END),
    -- PostgreSQL sorts NaN above every number, infinity included, so both constraints refuse it.
    CONSTRAINT measurement_features_confidence_range CHECK (overall_confidence BETWEEN 0 AND 1),
    CONSTRAINT measurement_features_snr_finite CHECK (mean_snr_db > '-Infinity' AND mean_snr_db < 'Infinity'),
    CONSTRAINT measurement_features_receivers_check CHECK (num_receivers_detected >= 0),
    CONSTRAINT measurement_features_attempts_check CHECK (attempts >= 0)
);

-- An earlier extraction service may have created a table of this name. It gets the columns that it lacks. It gets no
-- constraints, because they could make the other writer's statements fail.
ALTER TABLE heimdall.measurement_features
    ADD COLUMN IF NOT EXISTS recording_session_id uuid,
    ADD COLUMN IF NOT EXISTS extraction_metadata jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS extraction_failed boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS error_kind text,
    ADD COLUMN IF NOT EXISTS error_message text,
    ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ALTER COLUMN mean_snr_db DROP NOT NULL;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_index i
                   WHERE i.indrelid = 'heimdall.measurement_features'::regclass AND i.indisunique AND i.indpred IS NULL
                     AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                          WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0 : i.indnkeyatts - 1]))
                         = ARRAY['measurement_id', 'timestamp']) THEN
        RAISE EXCEPTION 'the existing table heimdall.measurement_features has no unique key (timestamp, measurement_id)'
            USING HINT = 'Type:  ALTER TABLE heimdall.measurement_features ADD PRIMARY KEY (timestamp, measurement_id);'
                         '  Then run this migration again.';
    END IF;
END
$$;

-- The feature objects take kilobytes. A target of 128 bytes stores them out of line, so a scan reads about 200 bytes
-- per row. A vacuum starts after 1 % new rows, because coverage depends on index-only scans.
ALTER TABLE heimdall.measurement_features SET (
    toast_tuple_target = 128,
    autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_vacuum_insert_threshold = 10000
);

-- Has a measurement features? How many measurements of a session are done? An index-only scan answers both.
CREATE INDEX IF NOT EXISTS measurement_features_measurement_idx
    ON heimdall.measurement_features (measurement_id) INCLUDE (extraction_failed);
CREATE INDEX IF NOT EXISTS measurement_features_session_idx
    ON heimdall.measurement_features (recording_session_id) INCLUDE (extraction_failed);
-- Failures only, for feature_failures and retry_failed.
CREATE INDEX IF NOT EXISTS measurement_features_failed_idx
    ON heimdall.measurement_features (error_kind, updated_at) WHERE extraction_failed;

INSERT INTO heimdall.schema_migrations (version, name) VALUES (2, 'measurement_features');
