-- What each daemon has done in each minute, kept for some days: throughput and latency without another program that
-- stores metrics. A daemon adds to a row of its own, so none waits for another.

CREATE TABLE heimdall.feature_minutes (
    minute     timestamptz      NOT NULL,
    worker_id  uuid             NOT NULL,
    extracted  bigint           NOT NULL DEFAULT 0,
    failed     bigint           NOT NULL DEFAULT 0,
    postponed  bigint           NOT NULL DEFAULT 0,
    given_back bigint           NOT NULL DEFAULT 0,
    forgotten  bigint           NOT NULL DEFAULT 0,
    missing    bigint           NOT NULL DEFAULT 0,
    unchanged  bigint           NOT NULL DEFAULT 0,
    read_bytes bigint           NOT NULL DEFAULT 0,
    fetch_s    double precision NOT NULL DEFAULT 0,
    extract_s  double precision NOT NULL DEFAULT 0,
    latency    integer[]        NOT NULL DEFAULT '{}',

    CONSTRAINT feature_minutes_pkey PRIMARY KEY (minute, worker_id)
) WITH (fillfactor = 50);

-- They take the receiver too. The files in functions/ make them again.
DROP FUNCTION IF EXISTS heimdall.request_backfill(integer, integer, boolean, timestamptz, timestamptz),
    heimdall.enqueue_sessions(uuid, timestamptz, timestamptz, bigint, boolean);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (17, 'feature_minutes');
