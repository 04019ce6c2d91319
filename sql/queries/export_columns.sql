-- Purpose: what each column of feature_samples means: from the dictionary, else its comment.
-- Parameters: none
-- Returns: name, meaning (an object of texts: unit, set, statistic, definition, bias, source)
SELECT a.attname::text AS name,
       jsonb_strip_nulls(jsonb_build_object(
           'unit', d.unit, 'set', d.set, 'statistic', nullif(substr(a.attname::text, length(d.name) + 2), ''),
           'definition', coalesce(d.definition, col_description(a.attrelid, a.attnum)), 'bias', d.bias,
           'source', d.source)) AS meaning
FROM pg_attribute a
LEFT JOIN heimdall.feature_dictionary d ON a.attname::text IN (d.name, d.name || '_mean', d.name || '_std')
WHERE a.attrelid = 'heimdall.feature_samples'::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;
