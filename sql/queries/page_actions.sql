-- Purpose: what was done on the page, the last actions first.
-- Parameters: $1 how many at most
-- Returns: report: the columns of page_actions
-- Plan: Index Scan Backward using page_actions_pkey
SELECT to_jsonb(a) AS report FROM heimdall.page_actions a ORDER BY a.id DESC LIMIT $1::integer;
