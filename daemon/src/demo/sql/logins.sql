-- Two logins, as in an installation: the application's, with rights on its own tables only, and the daemon's, a member
-- of heimdall_daemon.
CREATE ROLE heimdall_application LOGIN;
GRANT USAGE ON SCHEMA heimdall TO heimdall_application;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON heimdall.websdr_stations, heimdall.recording_sessions, heimdall.measurements
    TO heimdall_application;
CREATE ROLE heimdalld LOGIN IN ROLE heimdall_daemon;
