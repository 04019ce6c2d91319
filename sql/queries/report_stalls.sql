-- Purpose: tells others what this daemon cannot do at present, and why.
-- Parameters: $1 worker_id, $2 a JSON array of objects with step, age_s, reason and perhaps measurement_id
-- Returns: nothing
UPDATE heimdall.worker_heartbeats
SET stalled = (SELECT coalesce(jsonb_agg((e.value - 'age_s') || jsonb_build_object(
                                   'since', clock_timestamp() - (e.value ->> 'age_s')::double precision
                                                                * interval '1 second')), '[]')
               FROM jsonb_array_elements($2::jsonb) e)
WHERE worker_id = $1::uuid;
