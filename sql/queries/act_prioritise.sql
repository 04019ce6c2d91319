-- Purpose: prioritise() of an administrator.
-- Parameters: $1 session
-- Returns: measurements
SELECT heimdall.prioritise($1::uuid) AS measurements;
