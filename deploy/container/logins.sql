-- Runs once, when the database is created. The schema, which heimdalld migrate installs, gives the role its rights.
CREATE ROLE heimdall_daemon NOLOGIN;
CREATE ROLE heimdalld LOGIN PASSWORD 'daemon-password' IN ROLE heimdall_daemon;
