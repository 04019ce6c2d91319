-- The earlier service's result table. heimdalld's own is installed by `heimdalld migrate`.
CREATE TABLE heimdall.measurement_features (
    timestamp              timestamptz NOT NULL,
    measurement_id         uuid NOT NULL,
    recording_session_id   uuid,
    receiver_features      jsonb[] NOT NULL,
    extraction_metadata    jsonb NOT NULL,
    overall_confidence     float8 NOT NULL,
    mean_snr_db            float8,
    num_receivers_detected int,
    extraction_failed      boolean NOT NULL DEFAULT false,
    error_message          text,
    created_at             timestamptz NOT NULL,
    PRIMARY KEY (timestamp, measurement_id)
);
CREATE INDEX ON heimdall.measurement_features (recording_session_id);
