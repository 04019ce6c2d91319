-- The migration of that application that makes its table of features.
CREATE TABLE IF NOT EXISTS heimdall.measurement_features (
    recording_session_id uuid PRIMARY KEY,
    timestamp timestamptz NOT NULL,
    receiver_features jsonb[] NOT NULL,
    extraction_metadata jsonb NOT NULL,
    overall_confidence float8 NOT NULL CHECK (overall_confidence BETWEEN 0 AND 1),
    mean_snr_db float8,
    num_receivers_detected integer CHECK (num_receivers_detected BETWEEN 0 AND 15),
    extraction_failed boolean DEFAULT false,
    error_message text,
    tx_latitude float8, tx_longitude float8, tx_altitude_m float8, tx_power_dbm float8, tx_known boolean DEFAULT false,
    gdop float8, dataset_id uuid,
    created_at timestamptz DEFAULT now()
);
CREATE INDEX idx_measurement_features_dataset ON heimdall.measurement_features (dataset_id);
CREATE INDEX idx_measurement_features_failed ON heimdall.measurement_features (extraction_failed) WHERE extraction_failed;
COMMENT ON TABLE heimdall.measurement_features IS 'Samples for the training.';
