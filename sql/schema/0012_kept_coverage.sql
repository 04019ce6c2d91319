-- The counts behind feature_coverage, kept for each completed session and in total. A transaction that changes what a
-- session has only appends the session's id to coverage_changes, so no transaction waits for another one. A daemon
-- counts the named sessions anew, every second. feature_coverage adds to the totals what has been appended since, so it
-- is exact at any time.

CREATE TABLE heimdall.session_counts (
    recording_session_id uuid    CONSTRAINT session_counts_pkey PRIMARY KEY,
    measurements         integer NOT NULL,
    with_features        integer NOT NULL,
    failed               integer NOT NULL,
    pending              integer NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE heimdall.coverage_changes (
    id          bigint  GENERATED ALWAYS AS IDENTITY CONSTRAINT coverage_changes_pkey PRIMARY KEY,
    session_ids uuid[]  NOT NULL,
    size        integer GENERATED ALWAYS AS (cardinality(session_ids)) STORED
) WITH (
    -- Every row is deleted within a second or two: vacuum after a fixed number of dead rows, and without pauses.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.5,
    autovacuum_analyze_threshold = 10000
);

CREATE TABLE heimdall.coverage_totals (
    only_row                 boolean CONSTRAINT coverage_totals_pkey PRIMARY KEY DEFAULT true,
    recordings               bigint  NOT NULL DEFAULT 0,
    recordings_with_features bigint  NOT NULL DEFAULT 0,
    measurements             bigint  NOT NULL DEFAULT 0,
    with_features            bigint  NOT NULL DEFAULT 0,
    failed                   bigint  NOT NULL DEFAULT 0,
    pending                  bigint  NOT NULL DEFAULT 0,
    counted_at               timestamptz,
    walked_to                uuid,
    walked_at                timestamptz,

    CONSTRAINT coverage_totals_one_row CHECK (only_row)
) WITH (fillfactor = 50);
INSERT INTO heimdall.coverage_totals DEFAULT VALUES;

-- Older daemons leave the counts alone: feature_coverage then counts anew each time.
DROP FUNCTION IF EXISTS heimdall.total_coverage();

-- The trigger noted fewer changes: not that a session is no longer completed.
INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (12, 'kept_coverage', 11);
