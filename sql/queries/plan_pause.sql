-- Purpose: what a pause would stop.
-- Parameters: none
-- Returns: report: outstanding, in_flight, paused
-- Plan: functions/count_queue.sql bounds the cost.
SELECT jsonb_build_object(
           'outstanding', (SELECT coalesce(sum(c.measurements) FILTER (WHERE c.source NOT IN ('note', 'parked')), 0)
                           FROM heimdall.count_queue() c),
           'in_flight', (SELECT coalesce(sum(w.in_flight), 0) FROM heimdall.extraction_workers w),
           'paused', (SELECT e.paused FROM heimdall.extraction_control e)) AS report;
