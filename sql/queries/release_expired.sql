-- Purpose: takes back what dead daemons held; functions/release_expired.sql says how.
-- Parameters: none
-- Returns: measurement_id, worker_id (the dead one), outcome: 'released' (ready again) or 'crashed' (error row)
SELECT measurement_id, worker_id, outcome FROM heimdall.release_expired();
