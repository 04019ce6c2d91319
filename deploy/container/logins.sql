-- Runs once, when the database is created. The schema, which heimdalld migrate installs, gives the roles their rights.
CREATE ROLE heimdall_daemon NOLOGIN;
CREATE ROLE heimdalld LOGIN PASSWORD 'daemon-password' IN ROLE heimdall_daemon;
-- For the actions of the operator's page.
CREATE ROLE heimdall_admin NOLOGIN;
CREATE ROLE operator LOGIN PASSWORD 'operator-password' IN ROLE heimdall_admin;
