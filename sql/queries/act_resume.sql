-- Purpose: resume_extraction() of an administrator.
-- Parameters: none
-- Returns: measurements: NULL
SELECT NULL::bigint AS measurements FROM heimdall.resume_extraction();
