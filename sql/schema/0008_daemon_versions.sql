-- Daemons of several versions beside each other: each says what schema it was built for, each schema says which of them it serves.

ALTER TABLE heimdall.schema_migrations ADD COLUMN serves_from integer;
COMMENT ON COLUMN heimdall.schema_migrations.serves_from IS 'From this version on, daemons built for an older schema than this number cannot work: they stop claiming and say so. NULL: as before. Written in the schema file whose change they cannot bear.';

-- Those that do not say it are from before they could.
ALTER TABLE heimdall.worker_heartbeats ADD COLUMN schema_version integer NOT NULL DEFAULT 7;
COMMENT ON COLUMN heimdall.worker_heartbeats.schema_version IS 'The newest schema file this daemon was built with. A claim looks whether that is enough.';

-- It has a third parameter now, with a default: the daemons that call it with two go on. CREATE OR REPLACE would leave both.
DROP FUNCTION IF EXISTS heimdall.claim_measurements(uuid, integer);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (8, 'daemon_versions');
