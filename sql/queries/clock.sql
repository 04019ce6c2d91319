-- Purpose: the database's clock, to compare with the host's.
-- Parameters: none
-- Returns: unix_time_s
SELECT extract(epoch FROM clock_timestamp())::double precision AS unix_time_s;
