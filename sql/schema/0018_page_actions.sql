-- What was done on the operator's page: by whom, when, with which arguments, to how many measurements. Rows are only added.

CREATE TABLE heimdall.page_actions (
    id            bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT page_actions_pkey PRIMARY KEY,
    acted_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    operator      text        NOT NULL,
    address       text        NOT NULL,
    database_user text        NOT NULL DEFAULT session_user,
    action        text        NOT NULL,
    arguments     jsonb       NOT NULL,
    measurements  bigint,
    failure       text
);

INSERT INTO heimdall.schema_migrations (version, name) VALUES (18, 'page_actions');
