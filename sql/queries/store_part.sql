-- Purpose: puts a part of a long recording's segments where store_features.sql, later in the same transaction, finds them. A
--   message is in the daemon's memory three times while it is sent; that must not be hours of recording.
-- Parameters: $1 claim_id, $2 number of the part, from 1, $3 part of receiver_features
-- Returns: nothing
-- Plan: Insert on feature_parts, one index.
INSERT INTO heimdall.feature_parts (claim_id, part, receiver_features)
VALUES ($1::bigint, $2::integer, $3::jsonb[]);
