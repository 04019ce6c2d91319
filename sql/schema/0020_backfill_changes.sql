-- A transaction that writes results only appends what it has finished of a backfill. So the transactions of all daemons do
-- not wait for each other at the backfill's row. A daemon adds the changes to the counters every second;
-- backfill_progress adds what has been appended since.

CREATE TABLE heimdall.backfill_changes (
    id          bigint  GENERATED ALWAYS AS IDENTITY CONSTRAINT backfill_changes_pkey PRIMARY KEY,
    backfill_id uuid    NOT NULL,
    done        integer NOT NULL,
    failed      integer NOT NULL
) WITH (
    -- Every row is deleted within a second or two: vacuum after a fixed number of dead rows, and without pauses.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0
);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (20, 'backfill_changes');
