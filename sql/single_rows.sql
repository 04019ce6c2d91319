-- The rows without which nothing works, in the tables that always have the same ones. The files of schema/ have inserted
-- them; they are missing where somebody has emptied a table, or has restored a schema without its rows.
INSERT INTO heimdall.extraction_control DEFAULT VALUES ON CONFLICT DO NOTHING;
INSERT INTO heimdall.sweep_state DEFAULT VALUES ON CONFLICT DO NOTHING;
INSERT INTO heimdall.queue_depth DEFAULT VALUES ON CONFLICT DO NOTHING;
INSERT INTO heimdall.coverage_totals DEFAULT VALUES ON CONFLICT DO NOTHING;
INSERT INTO heimdall.session_locks (key)
SELECT k FROM generate_series(0, 4095) k
WHERE (SELECT count(*) FROM heimdall.session_locks) < 4096
ON CONFLICT DO NOTHING;
