-- What the last migration has installed of the views that an installation may redefine, to tell its definition from
-- ours.
CREATE TABLE heimdall.installed_definitions (
    name           text    CONSTRAINT installed_definitions_pkey PRIMARY KEY,
    definition     text    NOT NULL,
    server_version integer NOT NULL
);

INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (15, 'other_applications', 11);
