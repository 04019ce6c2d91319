-- Purpose: records an action of the operator's page.
-- Parameters: $1 operator, $2 address, $3 action, $4 arguments, $5 measurements or NULL, $6 why it failed or NULL
-- Returns: id
SELECT heimdall.record_action($1::text, $2::text, $3::text, $4::jsonb, $5::bigint, $6::text) AS id;
