-- The result: one row per measurement, features or the reason why there are none.

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
             ELSE error_kind IS NULL AND error_message IS NULL AND cardinality(receiver_features) > 0 AND mean_snr_db IS NOT NULL
        END),
    -- NaN sorts above every number, infinity included: both lines refuse it.
    CONSTRAINT measurement_features_confidence_range CHECK (overall_confidence BETWEEN 0 AND 1),
    CONSTRAINT measurement_features_snr_finite CHECK (mean_snr_db > '-Infinity' AND mean_snr_db < 'Infinity'),
    CONSTRAINT measurement_features_receivers_check CHECK (num_receivers_detected >= 0),
    CONSTRAINT measurement_features_attempts_check CHECK (attempts >= 0)
);

-- A table of this name may stand already, written by an earlier extraction service: it gets the columns it lacks,
-- and none of the constraints, which could make the other writer's statements fail.
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
                          WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0 : i.indnkeyatts - 1])) = ARRAY['measurement_id', 'timestamp']) THEN
        RAISE EXCEPTION 'the table heimdall.measurement_features that stands here has no unique key (timestamp, measurement_id)'
            USING HINT = 'Type:  ALTER TABLE heimdall.measurement_features ADD PRIMARY KEY (timestamp, measurement_id);  and then run this migration again.';
    END IF;
END
$$;

-- The feature objects are kilobytes wide: a target of 128 bytes sends them out of line, so a scan of the rows
-- reads about 200 bytes each. Inserts are vacuumed at 1 % new rows, since coverage lives on index-only scans.
ALTER TABLE heimdall.measurement_features SET (
    toast_tuple_target = 128,
    autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_vacuum_insert_threshold = 10000
);

-- By measurement: has it features? By session: how many are done? Both answered from the index alone.
CREATE INDEX IF NOT EXISTS measurement_features_measurement_idx
    ON heimdall.measurement_features (measurement_id) INCLUDE (extraction_failed);
CREATE INDEX IF NOT EXISTS measurement_features_session_idx
    ON heimdall.measurement_features (recording_session_id) INCLUDE (extraction_failed);
-- The failures alone, for feature_failures and retry_failed.
CREATE INDEX IF NOT EXISTS measurement_features_failed_idx
    ON heimdall.measurement_features (error_kind, updated_at) WHERE extraction_failed;

COMMENT ON TABLE heimdall.measurement_features IS 'RF features of each measurement, or the reason why there are none. One row per measurement, written by heimdalld. A failure never replaces features.';
COMMENT ON COLUMN heimdall.measurement_features.timestamp IS 'Time of the measurement: its created_at, else its session''s. Never the time of the extraction.';
COMMENT ON COLUMN heimdall.measurement_features.measurement_id IS 'measurements.id; no foreign key, the row outlives the measurement.';
COMMENT ON COLUMN heimdall.measurement_features.recording_session_id IS 'The session the measurement belonged to when it was extracted.';
COMMENT ON COLUMN heimdall.measurement_features.receiver_features IS 'One object per 1000 ms segment: mean, std, min and max of each feature over the segment''s 200 ms chunks. Empty when extraction_failed.';
COMMENT ON COLUMN heimdall.measurement_features.extraction_metadata IS 'How the samples were read: method, format, sample rate and where it came from, object key, bytes, etag, extractor version, milliseconds spent.';
COMMENT ON COLUMN heimdall.measurement_features.overall_confidence IS '0 to 1, mean of delay_spread_confidence; 0 when extraction_failed.';
COMMENT ON COLUMN heimdall.measurement_features.mean_snr_db IS 'Mean of snr_db over the recording, in dB; NULL when extraction_failed.';
COMMENT ON COLUMN heimdall.measurement_features.num_receivers_detected IS '1 when most chunks hold a signal, else 0.';
COMMENT ON COLUMN heimdall.measurement_features.extraction_failed IS 'True: there are no features; error_kind and error_message say why.';
COMMENT ON COLUMN heimdall.measurement_features.error_kind IS 'Class of the failure, short and stable, e.g. object_missing; NULL when there are features.';
COMMENT ON COLUMN heimdall.measurement_features.error_message IS 'What was wrong, where, how much; NULL when there are features.';
COMMENT ON COLUMN heimdall.measurement_features.attempts IS 'Tries the last extraction took.';
COMMENT ON COLUMN heimdall.measurement_features.created_at IS 'When the row was first written, database clock.';
COMMENT ON COLUMN heimdall.measurement_features.updated_at IS 'When it was last written, database clock.';

INSERT INTO heimdall.schema_migrations (version, name) VALUES (2, 'measurement_features');
