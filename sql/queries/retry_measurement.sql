-- Purpose: tries one measurement again, for `heimdalld retry --measurement` and the operator's page. Needs the rights of an administrator.
-- Parameters: $1 measurement
-- Returns: one row, measurements: 1
SELECT count(*) AS measurements FROM heimdall.retry_measurement($1::uuid);
