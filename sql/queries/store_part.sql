-- Purpose: stores a part of a long recording's segments for store_features.sql, later in the same transaction. The
--   daemon holds a message in memory three times while it sends it, so a message must not contain hours of recording.
-- Parameters: $1 claim_id, $2 number of the part, from 1, $3 part of receiver_features
-- Returns: nothing
-- Plan: Insert on feature_parts, one index.
INSERT INTO heimdall.feature_parts (claim_id, part, receiver_features)
VALUES ($1::bigint, $2::integer, $3::jsonb[]);
