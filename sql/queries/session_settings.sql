-- Purpose: what the connections of the pool are set to, for one transaction: where a pooler gives every transaction another
--   session, and does not pass on the settings that a connection begins with. The same values as in daemon/src/postgres/pool.rs.
-- Parameters: none
-- Returns: nothing
SET LOCAL enable_seqscan = off;
SET LOCAL jit = off;
SET LOCAL statement_timeout = 60000;
SET LOCAL idle_in_transaction_session_timeout = 10000;
