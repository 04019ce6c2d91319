-- Purpose: is this the id of a session or of a measurement?
-- Parameters: $1 the id
-- Returns: report: session or measurement, the id; no row: of neither
-- Plan: look-ups by primary key; functions/status_of.sql
SELECT jsonb_build_object('session', s.session_id) AS report
FROM heimdall.application_sessions s WHERE s.session_id = $1::uuid
UNION ALL
SELECT jsonb_build_object('measurement', m.measurement_id) FROM heimdall.status_of(measurement => $1::uuid) m
LIMIT 1;
