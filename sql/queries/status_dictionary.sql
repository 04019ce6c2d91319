-- Purpose: what each number means.
-- Parameters: none
-- Returns: report: name, unit, definition, set, bias, source
SELECT to_jsonb(d) AS report FROM heimdall.feature_dictionary d;
