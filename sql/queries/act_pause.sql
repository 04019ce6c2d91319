-- Purpose: pause_extraction() of an administrator.
-- Parameters: $1 reason
-- Returns: measurements: NULL
SELECT NULL::bigint AS measurements FROM heimdall.pause_extraction($1::text);
