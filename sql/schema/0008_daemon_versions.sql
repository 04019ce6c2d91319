-- Daemons of different versions may run at the same time. Each daemon reports the schema version that it was built for;
-- the schema states the oldest version that it serves.

ALTER TABLE heimdall.schema_migrations ADD COLUMN serves_from integer;

-- A daemon that reports no version is older than this file.
ALTER TABLE heimdall.worker_heartbeats ADD COLUMN schema_version integer NOT NULL DEFAULT 7;

-- The function now has a third parameter with a default, so daemons that pass two parameters still work. CREATE OR
-- REPLACE would keep the old function next to the new one.
DROP FUNCTION IF EXISTS heimdall.claim_measurements(uuid, integer);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (8, 'daemon_versions');
