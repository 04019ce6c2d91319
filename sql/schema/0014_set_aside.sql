-- Work that cannot be done now is set aside, and the rest goes on.

-- Locks of sessions (queries/lock_sessions.sql). An advisory lock can be taken by anybody who can log in; a row lock
-- needs a right on the table, which only daemons have. A session has the row of session_lock_key(). The number of rows
-- is fixed: two sessions with the same row only wait for each other's commit.
CREATE TABLE heimdall.session_locks (
    key bigint CONSTRAINT session_locks_pkey PRIMARY KEY
);
INSERT INTO heimdall.session_locks (key) SELECT generate_series(0, 4095);

-- Why a measurement waits until somebody acts: neither its result nor an error row can be written.
ALTER TABLE heimdall.feature_queue ADD COLUMN failure text;

-- What a daemon cannot do at present, and why.
ALTER TABLE heimdall.worker_heartbeats
    ADD COLUMN stalled jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT worker_heartbeats_stalled_check CHECK (jsonb_typeof(stalled) = 'array');

INSERT INTO heimdall.schema_migrations (version, name) VALUES (14, 'set_aside');
