-- How many measurements of a backfill were cancelled. They are not in its total.
ALTER TABLE heimdall.backfills ADD COLUMN cancelled bigint NOT NULL DEFAULT 0;

INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (13, 'administration', 11);
