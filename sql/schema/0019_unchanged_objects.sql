-- extract_again(only_changed => true) keeps the features of an object that has not changed.

ALTER TABLE heimdall.feature_queue ADD COLUMN only_changed boolean NOT NULL DEFAULT false;

-- Their parameters and results change. The files in functions/ make them again.
DROP FUNCTION IF EXISTS heimdall.extract_again(uuid, uuid, uuid, text, timestamptz, timestamptz);
DROP FUNCTION IF EXISTS heimdall.claim_measurements(uuid, integer, bigint[]);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (19, 'unchanged_objects');
