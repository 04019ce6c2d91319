-- Purpose: the settings of an export's connection. Days are days of UTC, a statement may take as long as the reader of its
--   rows, and look-ups by index are used whatever the statistics say.
-- Parameters: none
-- Returns: nothing of use
SELECT set_config(s.name, s.value, false)
FROM (VALUES ('TimeZone', 'UTC'), ('jit', 'off'), ('statement_timeout', '0'), ('max_parallel_workers_per_gather', '0'),
             ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'))
     AS s (name, value);
